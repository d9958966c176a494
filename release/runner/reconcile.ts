import type { Release } from '../../config/release.types.ts';
import { ExpectedError, EXIT, refused } from '../../lib/errors.ts';
import { recordStore } from '../adapters/records.ts';
import type { LiveShares } from '../core/engine/types.ts';
import { drift, settable } from '../core/engine/weights.ts';
import { placeOf } from '../core/preview/resource.ts';
import { sharesOf } from '../core/release.ts';
import type { StackOutputs } from '../ports/stack.ts';
import { readLive } from './effects/live.ts';
import type { RunOptions } from './types.ts';
import { withLease } from './with-lease.ts';

export interface Reconciled {
  /** What differed, one sentence a service; empty: nothing was done. */
  readonly differed: readonly string[];
  readonly live: LiveShares;
  /** Serial of the release that live weights agree with now. */
  readonly serial: number;
  /** Whether an update was needed too: one that broke off had left other weights in the engine's own state. */
  readonly updated?: boolean;
}

/**
 * The last release that was completed, and so is what the stack says. `--target` makes outputs name a release of which
 * one resource was carried out; only a completed one leaves itself in the record bucket. It comes back under a serial of its own.
 */
export const lastCompleted = async (
  { ports }: Pick<RunOptions, 'ports'>,
  environment: string,
  named: Release,
): Promise<Release> => {
  const records = recordStore(ports.objects.record, environment);
  if (named.replaces === null || (await records.release(named.serial)) !== undefined) return named;
  const before = await records.release(named.replaces);
  return before === undefined ? named : { ...before, serial: named.serial + 1, replaces: named.serial };
};

/**
 * Makes load balancer and stack agree again. `stack`: weights go back to what the last completed release says, by
 * direct calls, and by an update of it where one that broke off left other weights in the engine's state. `live`: the
 * stack takes over what somebody has set, by an update. An open deployment that was halted by the difference can be
 * resumed or aborted afterwards. Throws (exit 3) when a release is running, or when live weights are nothing that one
 * release could say; exit 5 when the weights do not hold.
 */
export const runReconcile = (
  o: RunOptions,
  environment: string,
  deployment: string,
  towards: 'stack' | 'live',
): Promise<Reconciled> =>
  withLease(o, environment, deployment, async (signal) => {
    const outputs = await o.ports.stack.outputs();
    const named = outputs?.release;
    if (outputs === undefined || named === undefined)
      throw refused('the stack has no completed release to agree with', 'pulumi up');
    const release = towards === 'live' ? named : await lastCompleted(o, environment, named);
    const live = await readLive(o.ports.traffic, outputs.routing);
    const differed = drift(live, release);
    if (towards === 'live')
      return differed.length === 0
        ? { differed, live, serial: release.serial }
        : { differed, ...(await takeOver(o, release, live, deployment, signal)) };
    const mended =
      differed.length === 0 ? { live, serial: release.serial } : await setLive(o, outputs, release);
    return { differed, ...mended, updated: await mendState(o, release, named, signal) };
  });

type Mended = Omit<Reconciled, 'differed'>;

const TRIES = 10;

const setLive = async (o: RunOptions, outputs: StackOutputs, release: Release): Promise<Mended> => {
  const rules = settable(sharesOf(release), outputs.routing).map((w) => ({
    arn: w.rule,
    weights: w.weights,
  }));
  await o.ports.traffic.write(rules);
  for (let i = 1; ; i += 1) {
    const live = await readLive(o.ports.traffic, outputs.routing);
    const left = drift(live, release);
    if (left.length === 0) return { live, serial: release.serial };
    if (i >= TRIES)
      throw new ExpectedError(`weights do not hold: ${left.join('; ')}`, {
        exit: EXIT.personNeeded,
        hint: 'somebody else sets them too: find out who',
      });
    await o.clock.sleep(100 * i);
  }
};

/**
 * An update that broke off half-way has changed rules that its release never came to name. Direct calls put them
 * right, but the engine still believes in what it did, and the next update would leave them out.
 */
const mendState = async (
  o: RunOptions,
  release: Release,
  named: Release,
  signal: AbortSignal,
): Promise<boolean> => {
  const changes = release.serial === named.serial ? await o.ports.stack.preview(release) : undefined;
  if (changes?.some((c) => placeOf(c.urn).kind === 'routing' && c.op !== 'same') === false) return false;
  await o.ports.stack.up(release, { signal, onEvent: (e) => o.ports.logs.append('rollout', e.text) });
  return true;
};

/** The release that says what is live; undefined when services disagree or a foreign target group is in use. */
export const saying = (live: LiveShares, release: Release, deployment: string): Release | undefined => {
  const candidates = Object.values(live).map((s) => ({ blue: s.blue ?? 0, green: s.green ?? 0 }));
  return candidates
    .map((traffic) => ({
      ...release,
      serial: release.serial + 1,
      replaces: release.serial,
      deployment,
      traffic,
    }))
    .find((r) => r.traffic.blue + r.traffic.green === 100 && drift(live, r).length === 0);
};

const takeOver = async (
  o: RunOptions,
  release: Release,
  live: LiveShares,
  deployment: string,
  signal: AbortSignal,
): Promise<Mended> => {
  const wanted = saying(live, release, deployment);
  if (wanted === undefined)
    throw refused(
      `live weights are nothing that one release could say: ${drift(live, release).join('; ')}`,
      'sluice reconcile --to stack',
    );
  const { outputs } = await o.ports.stack.up(wanted, {
    signal,
    onEvent: (e) => o.ports.logs.append('rollout', e.text),
  });
  const after = await readLive(o.ports.traffic, outputs.routing);
  return { live: after, serial: outputs.release?.serial ?? wanted.serial };
};
