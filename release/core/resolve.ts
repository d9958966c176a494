import type { Release, Slot } from '../../config/release.types.ts';
import type { App, SlotName } from '../../config/types.ts';
import { isNewer } from '../../config/version.ts';
import { refused } from '../../lib/errors.ts';
import {
  canonical,
  carryData,
  changedServices,
  emptyRelease,
  equal,
  inOneUpdate,
  liveOf,
  type Shares,
  sharesOf,
  slotFor,
} from './release.ts';

/** What the stack's own last outputs said. */
export type LastOutputs =
  | { readonly kind: 'none' }
  | { readonly kind: 'release'; readonly release: Release }
  | { readonly kind: 'unreadable'; readonly why: string };

export interface ResolveInput {
  readonly stack: string;
  readonly app: App;
  readonly last: LastOutputs;
  /** `sluice:release`, where configuration has one. */
  readonly configured: Release | undefined;
  /** Shares as the load balancer has them now, per service; undefined: not read (nothing was served before). */
  readonly live: Readonly<Record<string, Shares>> | undefined;
  /** `sluice:version`. */
  readonly version: string | undefined;
  /** `app` frozen at `version`; only needed where a slot may be made from it, see `bringsIn`. */
  readonly wanted: Slot | undefined;
  /** Id for a deployment that this update starts itself. */
  readonly deployment: string;
}

export interface Resolution {
  readonly release: Release;
  /** `configured`: the engine's. `carried`: as it was. `direct`: made by this update. `first`: nothing before. */
  readonly from: 'configured' | 'carried' | 'direct' | 'first';
  /** For people, shown by preview and up. */
  readonly notes: readonly string[];
}

/**
 * Decides which release the program realises. A checkout never moves traffic by accident: what configuration
 * holds must replace the completed release that the stack names, and without it the stack goes on as it is.
 */
export const resolveRelease = (input: ResolveInput): Resolution => {
  const { last, stack } = input;
  if (last.kind === 'unreadable')
    throw refused(
      `stack ${stack} has outputs, but its release cannot be read (${last.why}); going on would delete the services`,
      `sluice config at previous --stack ${stack}   prints the last release kept in the record bucket`,
    );
  if (input.configured !== undefined) return configured(input, input.configured);
  if (last.kind === 'none') return first(input);
  assertLive(input, last.release);
  return input.app.rollout === 'direct' ? direct(input, last.release) : carried(input, last.release);
};

const configured = ({ last, stack }: ResolveInput, wanted: Release): Resolution => {
  if (last.kind !== 'release') {
    if (wanted.replaces === null) return { release: { ...wanted, serial: 0 }, from: 'configured', notes: [] };
    throw refused(
      `sluice:release replaces serial ${wanted.replaces}, but stack ${stack} has no release yet`,
      `pulumi config rm sluice:release --stack ${stack}`,
    );
  }
  const current = last.release;
  if (equal(wanted, current)) return { release: current, from: 'configured', notes: [] };
  if (wanted.replaces !== current.serial) throw stale(stack, wanted, current);
  const { backup: _b, schema: _s, ...rest } = wanted;
  return {
    release: { ...rest, serial: current.serial + 1, replaces: current.serial, ...carryData(current, wanted) },
    from: 'configured',
    notes: [],
  };
};

/** `config set --path` would replace the whole text by an object with nothing but the serial in it. */
const deliberate = (stack: string, { serial }: Release): string =>
  `pulumi config get sluice:release --stack ${stack} | jq -c '.replaces = ${serial} | .serial = ${serial + 1}' | ` +
  `pulumi config set sluice:release --stack ${stack}`;

const stale = (stack: string, wanted: Release, current: Release) =>
  refused(
    `sluice:release (serial ${wanted.serial}, deployment ${wanted.deployment}) replaces serial ` +
      `${wanted.replaces ?? 'none'}, but stack ${stack} is at serial ${current.serial} (deployment ${current.deployment}); nothing was changed`,
    `to apply it all the same: ${deliberate(stack, current)}` +
      `   to carry on instead: pulumi config rm sluice:release --stack ${stack}`,
  );

/**
 * Whether an update without a release in its configuration may make one from `sluice:version`: always where the rollout
 * is direct; where it is staged, for a stack that has nothing yet. Nobody is served there, so there is nothing to
 * compare the version with and nothing to go back to: stages would watch nobody.
 */
export const bringsIn = (rollout: App['rollout'], last: LastOutputs): boolean =>
  rollout === 'direct' || last.kind === 'none';

const first = (input: ResolveInput): Resolution => {
  const none = emptyRelease(input.deployment);
  if (input.wanted !== undefined)
    return {
      release: { ...direct(input, none).release, serial: 0, replaces: null },
      from: 'first',
      notes: [],
    };
  const next =
    input.app.rollout === 'direct'
      ? `pulumi config set sluice:version v1.0.0 --stack ${input.stack}`
      : `sluice deploy --stack ${input.stack} --version ${input.version ?? 'v1.0.0'}`;
  return { release: none, from: 'first', notes: [`nothing is deployed yet: ${next}`] };
};

const describe = (shares: Shares | undefined): string =>
  shares === undefined || Object.keys(shares).length === 0 ? 'no rule' : canonical(shares);

/** Without a release in configuration nothing may move: live weights must be what the last one left. */
const assertLive = ({ live, stack }: ResolveInput, current: Release): void => {
  if (live === undefined) return;
  const wanted = sharesOf(current);
  const wrong = [...new Set([...Object.keys(wanted), ...Object.keys(live)])]
    .filter((s) => !sameShares(wanted[s], live[s]))
    .sort();
  if (wrong.length === 0) return;
  const list = wrong.map((s) => `${s}: live ${describe(live[s])}, release ${describe(wanted[s])}`);
  throw refused(
    `live weights of stack ${stack} differ from release ${current.serial}: ${list.join('; ')}. An update would move traffic`,
    `sluice reconcile --stack ${stack}`,
  );
};

const sameShares = (a: Shares | undefined, b: Shares | undefined): boolean =>
  (['blue', 'green'] as const satisfies readonly SlotName[]).every((s) => (a?.[s] ?? 0) === (b?.[s] ?? 0));

const carried = (input: ResolveInput, current: Release): Resolution => {
  const notes: string[] = [];
  const slot = liveOf(current);
  const { version, wanted } = input;
  // What brought the first version in stays written in the stack file: an older one is no wish.
  if (version !== undefined && (slot === undefined || isNewer(version, slot.version)))
    notes.push(`${version} is not live: sluice deploy --stack ${input.stack} --version ${version}`);
  const edited = slot === undefined || wanted === undefined ? [] : editedServices(slot, wanted);
  if (edited.length > 0)
    notes.push(
      `app differs from the live slot in ${edited.length} service${edited.length === 1 ? '' : 's'} (${edited.join(', ')}): ` +
        `the next sluice deploy takes it along`,
    );
  return { release: current, from: 'carried', notes };
};

/** Services whose settings differ, images and secret versions left aside: those come with a version. */
export const editedServices = (live: Slot, wanted: Slot): string[] => {
  const settings = (slot: Slot): Slot => ({
    ...slot,
    services: Object.fromEntries(
      Object.entries(slot.services).map(([name, s]) => [
        name,
        {
          ...s,
          image: '',
          secrets: Object.fromEntries(
            Object.entries(s.secrets).map(([k, r]) => [k, { arn: r.arn, version: '' }]),
          ),
        },
      ]),
    ),
  });
  return changedServices(settings(live), settings(wanted));
};

/** One update: migration, the new slot beside the old, health, then all traffic; the old slot goes last. */
const direct = (input: ResolveInput, current: Release): Resolution => {
  const { wanted } = input;
  const slot = liveOf(current);
  if (wanted === undefined) return { release: current, from: 'carried', notes: [] };
  if (slot !== undefined && slot.version === wanted.version && changedServices(slot, wanted).length === 0)
    return { release: current, from: 'carried', notes: [] };
  const release = inOneUpdate(current, wanted, wanted.deployment, input.app);
  const target = slotFor(current, input.app.strategy);
  return {
    release,
    from: 'direct',
    notes: [`deploys ${wanted.version} as ${wanted.deployment} into ${target}`],
  };
};
