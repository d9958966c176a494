import { GetAliasCommand, UpdateAliasCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { EXIT, ExpectedError, messageOf } from '../../../../lib/errors.ts';
import type { Rule, Traffic } from '../../../ports/traffic.ts';
import { aliasWeights, weightsOfAlias } from '../../../core/weights.ts';
import { askingFor } from '../asking.ts';
import { functionArn, parseQualified } from './client.ts';

export const ACTIONS = ['lambda:GetAlias', 'lambda:UpdateAlias'] as const;

const ask = askingFor(ACTIONS);
const A_WRITE_MS = 10_000;

/** Aliases of Lambda by direct calls: a rule is an alias, a target group a published version; both by ARN. */
export const lambdaTraffic = (client: LambdaClient): Traffic => ({
  read: (rules) =>
    Promise.all(
      rules.map(async (arn) => {
        const { name, qualifier } = parseQualified(arn);
        const command = new GetAliasCommand({ FunctionName: name, Name: qualifier });
        const { FunctionVersion = '', RoutingConfig } = await ask('lambda:GetAlias', arn, (o) =>
          client.send(command, o),
        );
        const additional = RoutingConfig?.AdditionalVersionWeights ?? {};
        const weights = weightsOfAlias({ version: FunctionVersion, additional });
        const of = functionArn(arn);
        return {
          arn,
          weights: Object.fromEntries(Object.entries(weights).map(([v, w]) => [`${of}:${v}`, w])),
        };
      }),
    ),
  write: async (rules) => {
    const written = await Promise.allSettled(rules.map((rule) => update(client, rule)));
    const failures = written.flatMap((w) => (w.status === 'rejected' ? [w.reason as unknown] : []));
    if (failures.length === 0) return;
    throw new ExpectedError(
      `${failures.length} of ${rules.length} aliases were not set: ${failures.map(messageOf).join('; ')}`,
      {
        exit: EXIT.refused,
        hint: failures[0] instanceof ExpectedError ? failures[0].hint : undefined,
        cause: failures[0],
      },
    );
  },
});

/** The whole alias is replaced: these versions and no other. */
const update = async (client: LambdaClient, { arn, weights }: Rule): Promise<void> => {
  const { name, qualifier } = parseQualified(arn);
  const wanted = aliasWeights(
    Object.fromEntries(Object.entries(weights).map(([v, w]) => [parseQualified(v).qualifier, w])),
  );
  if (wanted === undefined)
    throw new ExpectedError(
      `alias ${arn} cannot get these weights (got ${Object.keys(weights).length} versions; allowed: one or two)`,
      { exit: EXIT.badInput },
    );
  const command = new UpdateAliasCommand({
    FunctionName: name,
    Name: qualifier,
    FunctionVersion: wanted.version,
    RoutingConfig: { AdditionalVersionWeights: { ...wanted.additional } },
  });
  await ask('lambda:UpdateAlias', arn, (o) => client.send(command, o), { timeoutMs: A_WRITE_MS });
};
