import { getResource } from '@pulumi/aws/cloudcontrol/getResource.js';
import { reasonOf } from '../../../components/reasons.ts';
import { SLOTS, type SlotName } from '../../../config/types.ts';
import { refused } from '../../../lib/errors.ts';
import type { Shares } from '../../../release/core/release.ts';
import { weightsOfAlias } from '../../../release/core/weights.ts';
import type { RoutingOutput } from '../../../release/ports/stack.ts';

interface AliasProperties {
  readonly FunctionVersion?: string;
  readonly RoutingConfig?: {
    readonly AdditionalVersionWeights?: readonly {
      readonly FunctionVersion: string;
      readonly FunctionWeight: number;
    }[];
  };
}

/** The data source of an alias leaves its weights out; Cloud Control has them. */
const readAlias = async (stack: string, service: string, arn: string): Promise<AliasProperties> => {
  try {
    const { properties } = await getResource({ typeName: 'AWS::Lambda::Alias', identifier: arn });
    return JSON.parse(properties) as AliasProperties;
  } catch (error) {
    throw refused(
      `the live weights of ${service} cannot be read: ${reasonOf(error)}`,
      `sluice reconcile --stack ${stack}`,
    );
  }
};

const sharesOf = (
  stack: string,
  service: string,
  properties: AliasProperties,
  versions: RoutingOutput['services'][string]['targetGroups'],
): Shares => {
  const additional = Object.fromEntries(
    (properties.RoutingConfig?.AdditionalVersionWeights ?? []).map((w) => [
      w.FunctionVersion,
      w.FunctionWeight,
    ]),
  );
  const shares: Partial<Record<SlotName, number>> = {};
  const live = weightsOfAlias({ version: properties.FunctionVersion ?? '', additional });
  for (const [number, share] of Object.entries(live)) {
    const slot = SLOTS.find((s) => versions[s]?.split(':').at(-1) === number);
    if (slot === undefined)
      throw refused(
        `${service} is served by version ${number}, which is in no slot of stack ${stack}`,
        `sluice reconcile --stack ${stack}`,
      );
    shares[slot] = share;
  }
  return shares;
};

/** Shares per function as its alias has them now. */
export const readLiveAliases = async (
  stack: string,
  { services }: RoutingOutput,
): Promise<Record<string, Shares>> =>
  Object.fromEntries(
    await Promise.all(
      Object.entries(services).flatMap(([service, { rule, targetGroups }]) =>
        rule === undefined
          ? []
          : [
              readAlias(stack, service, rule).then(
                (properties) => [service, sharesOf(stack, service, properties, targetGroups)] as const,
              ),
            ],
      ),
    ),
  );
