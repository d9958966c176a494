import { refused } from '../../lib/errors.ts';
import { Halted } from './failure.ts';
import type { Entry } from './ledger.ts';
import { dependentsFirst } from './order.ts';
import { step } from './report.ts';
import type { Run } from './run.ts';
import { failed, remove } from './steps.ts';
import type { Op, ResourceState } from './types.ts';

const opFor = (state: ResourceState): 'delete' | 'delete-replaced' | 'discard' =>
  state.delete ? 'delete-replaced' : state.external ? 'discard' : 'delete';

/** Nothing is deleted when anything that would be is protected. */
const refuseProtected = (run: Run, entries: readonly Entry[]): void => {
  const guarded = entries.filter(({ state }) => state.protect && !state.delete && !state.pendingReplacement);
  if (guarded.length === 0) return;
  const error = refused(
    guarded
      .map(({ state }) => `resource "${state.urn}" cannot be deleted because it is protected`)
      .join('\n'),
    'To unprotect a resource, remove the `protect` option from the program, update, and delete it then.',
  );
  for (const { state } of guarded) failed(run, 'delete', state, 'is protected and cannot be deleted');
  run.halt('refused', error);
};

/** Deletes everything that is not kept: dependents before what they depend on, independent ones together. */
export const deleteRest = async (run: Run, kept: ReadonlySet<Entry>): Promise<void> => {
  const entries = run.ledger.entries().filter((entry) => !kept.has(entry));
  if (entries.length === 0) return;
  refuseProtected(run, entries);
  if (run.failure !== undefined) return;
  const gone = new Set(entries.filter(({ state }) => !state.delete).map(({ state }) => state.urn));
  const visit = (entry: Entry): Promise<void> => {
    const { state } = entry;
    if (!state.pendingReplacement) return remove(run, opFor(state), entry, gone, 'drop');
    const op: Op = 'remove-pending-replace';
    run.ledger.drop(entry);
    run.report.done(step(op, state));
    return Promise.resolve();
  };
  await dependentsFirst(entries, (entry) => {
    const work = visit(entry);
    run.follow(work);
    return work;
  }).catch((error: unknown) => {
    if (!(error instanceof Halted)) run.halt('resource', error);
  });
  await run.idle();
};
