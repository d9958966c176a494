import type { EffectOf, EffectResults } from '../../core/engine/effects.ts';
import type { State } from '../../core/engine/types.ts';
import { recordFiles } from '../../core/records/files.ts';
import type { Context } from '../context.ts';

/**
 * Takes the lease. A deployment that another runner left open holds the environment even when its lease has ended:
 * it must be resumed or aborted first. An emergency closes it.
 */
export const acquire = async (effect: EffectOf<'acquire'>, c: Context): Promise<EffectResults['acquire']> => {
  const answer = await c.keeper.acquire(effect.preempt, c.signal);
  if (answer.kind === 'taken') {
    const { holder, deployment, takenAt } = answer.by;
    return { granted: false, holder, deployment, since: takenAt };
  }
  const open = (await c.journal.listOpen()).filter(
    (s) => s.request.deployment !== c.state.request.deployment && s.lease !== undefined,
  );
  if (effect.preempt) {
    for (const other of open) await supersede(other, c);
  } else if (open[0] !== undefined) {
    await c.keeper.letGo();
    const { request, startedAt } = open[0];
    return { granted: false, holder: request.by, deployment: request.deployment, since: startedAt };
  }
  const { token, serial } = answer.lease;
  return { granted: true, token, serial };
};

/** A runner that still works writes its journal every second or so: one of a few tries comes between. */
const TRIES = 20;

/**
 * Closes the journal of a deployment that an emergency ends, and leaves a record of it. Done before traffic moves: a
 * runner that still works then ends at its next write, and does not take the moved traffic for somebody's meddling.
 */
const supersede = async (other: State, c: Context): Promise<void> => {
  const { deployment } = other.request;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const entry = await c.journal.load(deployment);
    if (entry === undefined || entry.state.phase.name === 'done') return;
    const now = c.clock.now();
    const state = supersededBy(entry.state, c.state.request.deployment, now);
    if ((await c.journal.save(state, entry.etag)) === undefined) continue;
    for (const file of recordFiles(state, now, state.changed ? 'rolled_back' : 'failed')) {
      if (file.key !== undefined) await c.records.keep(file.key, file.body);
    }
    return;
  }
};

const supersededBy = (open: State, by: string, now: number): State => {
  const state: State = structuredClone(open);
  state.failure ??= {
    phase: state.phase.name,
    at: now,
    why: `ended by the emergency rollback ${by}`,
    by: 'person',
    details: [],
  };
  state.finishedAt = now;
  state.pending = [];
  state.phase = {
    name: 'done',
    result: { status: 'superseded', why: `ended by the emergency rollback ${by}` },
  };
  return state;
};

export const letGo = async (_effect: EffectOf<'letGo'>, c: Context): Promise<EffectResults['letGo']> => {
  await c.keeper.letGo();
  return {};
};
