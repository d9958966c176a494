import type * as pulumi from '@pulumi/pulumi';
import { getFunction } from '@pulumi/aws/lambda/getFunction.js';
import { reasonOf } from '../../../components/reasons.ts';
import type { FunctionDefinition } from '../../../components/lambda-service.plan.ts';
import type { Release } from '../../../config/release.types.ts';
import { refused } from '../../../lib/errors.ts';
import { slotNames } from '../../../release/core/release.ts';

/** What travels from update to update, per function, in the output `functions`. */
export interface Remembered {
  /** What the function itself was declared as when it was published last. */
  readonly latest: FunctionDefinition;
  /** Deployment → number of its published version, oldest first. */
  readonly published: Readonly<Record<string, string>>;
}

export type Functions = Readonly<Record<string, Remembered>>;

/** One function in this update. */
export interface FunctionPlan {
  readonly service: string;
  readonly latest: FunctionDefinition;
  /** Deployment whose version this update publishes; undefined: none. */
  readonly publishes: string | undefined;
  /** Published versions that are there, of all deployments that are known. */
  readonly published: Readonly<Record<string, string>>;
}

/** Versions that are remembered: going back further publishes again from the artifact. */
const KEPT = 50;

const MISSING = /not ?found|does not exist|couldn't find/i;

const isThere = async (functionName: string, number: string): Promise<boolean> => {
  try {
    await getFunction({ functionName, qualifier: number });
    return true;
  } catch (error) {
    if (MISSING.test(reasonOf(error))) return false;
    throw refused(
      `whether version ${number} of ${functionName} is still there cannot be seen: ${reasonOf(error)}`,
      'try again',
    );
  }
};

const inSlots = (release: Release, service: string): FunctionDefinition[] =>
  slotNames(release).flatMap((slot) => {
    const frozen = release.slots[slot];
    const definition = frozen?.services[service];
    return frozen === undefined || definition === undefined
      ? []
      : [{ version: frozen.version, deployment: frozen.deployment, definition }];
  });

/**
 * What must be published so that every slot has its version. The function's own definition changes only then: going
 * back to a version that is still there publishes nothing. A version that somebody deleted is published again, from
 * the artifact that its slot names. Undefined when nothing was ever to be made of this function.
 */
export const planFunction = async (
  service: string,
  name: string,
  release: Release,
  remembered: Remembered | undefined,
): Promise<FunctionPlan | undefined> => {
  const wanted = inSlots(release, service);
  const known = remembered?.published ?? {};
  const checked = await Promise.all(
    wanted.map(async (w) => {
      const number = known[w.deployment];
      return { ...w, there: number !== undefined && (await isThere(name, number)) };
    }),
  );
  const missing = checked.filter((w) => !w.there);
  if (missing.length > 1)
    throw refused(
      `${service} has no published version for ${missing.map((w) => w.version).join(' and ')}: one update publishes one`,
      'bring them up one after the other, the live one first',
    );
  const [fresh] = missing;
  const latest = fresh ?? remembered?.latest;
  if (latest === undefined) return undefined;
  const gone = fresh?.deployment;
  return {
    service,
    latest: { version: latest.version, deployment: latest.deployment, definition: latest.definition },
    publishes: gone,
    published: Object.fromEntries(Object.entries(known).filter(([deployment]) => deployment !== gone)),
  };
};

/** The plan as the next update gets it back, with the number that was published now. */
export const remember = (
  { latest, publishes, published }: FunctionPlan,
  number: pulumi.Output<string>,
): { latest: FunctionDefinition; published: Record<string, pulumi.Input<string>> } => ({
  latest,
  published: Object.fromEntries(
    [...Object.entries(published), ...(publishes === undefined ? [] : [[publishes, number] as const])].slice(
      -KEPT,
    ),
  ),
});
