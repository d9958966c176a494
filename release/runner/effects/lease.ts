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

/** Closes the journal of a deployment that an emergency ends, and leaves a record of it. */
const supersede = async (other: State, c: Context): Promise<void> => {
  const { deployment } = other.request;
  const entry = await c.journal.load(deployment);
  if (entry === undefined || entry.state.phase.name === 'done') return;
  const by = c.state.request.deployment;
  const now = c.clock.now();
  const state: State = structuredClone(entry.state);
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
  await c.journal.save(state, entry.etag);
  for (const file of recordFiles(state, now, state.changed ? 'rolled_back' : 'failed')) {
    if (file.key !== undefined) await c.records.keep(file.key, file.body);
  }
};

export const letGo = async (_effect: EffectOf<'letGo'>, c: Context): Promise<EffectResults['letGo']> => {
  await c.keeper.letGo();
  return {};
};
