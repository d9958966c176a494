import { refused } from '../../lib/errors.ts';
import { journalStore } from '../adapters/journal.ts';
import { recordStore } from '../adapters/records.ts';
import { drift } from '../core/engine/weights.ts';
import { applyStep } from '../core/plan.ts';
import { liveSlot, other } from '../core/release.ts';
import { readLive } from './effects/live.ts';
import type { RunOptions } from './types.ts';
import { withLease } from './with-lease.ts';

export type TidyResult =
  | { readonly done: true; readonly removed: string; readonly serial: number }
  | { readonly done: false; readonly why: string };

/**
 * Takes the slot without traffic down when the rollback window is over. Not yet due, or nothing to do, is no error.
 * Throws (exit 3) while a release is under way or when live weights are not the stack's.
 */
export const runTidy = async (
  o: RunOptions,
  environment: string,
  deployment: string,
  force = false,
): Promise<TidyResult> => {
  const { ports, clock } = o;
  const open = (await journalStore(ports.objects.lease, environment).listOpen()).find(
    (s) => s.lease !== undefined,
  );
  if (open !== undefined)
    throw refused(`deployment ${open.request.deployment} is under way in ${environment}`, 'sluice status');
  const outputs = await ports.stack.outputs();
  const release = outputs?.release;
  const live = release === undefined ? undefined : liveSlot(release);
  if (release === undefined || live === undefined) return { done: false, why: 'nothing is served' };
  const old = release.slots[other(live)];
  if (old === undefined) return { done: false, why: 'there is no old slot' };
  const due = await dueAt(o, environment);
  if (!force && due !== undefined && clock.now() < due)
    return { done: false, why: `the rollback window lasts until ${new Date(due).toISOString()}` };
  const wrong = drift(await readLive(ports.traffic, outputs?.routing), release);
  if (wrong.length > 0)
    throw refused(`live weights differ from the stack: ${wrong.join('; ')}`, 'sluice reconcile');
  return await takeDown(
    o,
    environment,
    deployment,
    applyStep({ kind: 'down', name: 'down' }, release, {
      deployment,
      target: undefined,
      version: old.version,
    }),
    old.version,
  );
};

/** End of the window of the deployment that ended last. */
const dueAt = async (o: RunOptions, environment: string): Promise<number | undefined> => {
  const records = await recordStore(o.ports.objects.record, environment).summaries();
  const last = records.find((r) => r.status === 'success');
  return last === undefined ? undefined : last.finishedAt + o.app.rollback.window;
};

const takeDown = (
  o: RunOptions,
  environment: string,
  deployment: string,
  wanted: ReturnType<typeof applyStep>,
  removed: string,
): Promise<TidyResult> =>
  withLease(o, environment, deployment, async (signal) => {
    const { outputs } = await o.ports.stack.up(wanted, {
      signal,
      onEvent: (e) => o.ports.logs.append('rollout', e.text),
    });
    return { done: true, removed, serial: outputs.release?.serial ?? wanted.serial };
  });
