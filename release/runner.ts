import { refused } from '../lib/errors.ts';
import { journalStore } from './adapters/journal.ts';
import { createState } from './core/engine/create.ts';
import { engine } from './core/engine/next.ts';
import { settingsOf } from './core/engine/settings.ts';
import type { Request, State } from './core/engine/types.ts';
import { Drive } from './runner/drive.ts';
import { outcomeOf } from './runner/outcome.ts';
import type { Outcome, RunOptions } from './runner/types.ts';

export { runTidy, type TidyResult } from './runner/tidy.ts';
export { runMaintenance, type Maintained, type MaintenanceRequest } from './runner/maintenance.ts';
export { runReconcile, type Reconciled } from './runner/reconcile.ts';
export { ensureStack } from './runner/ensure.ts';
export { createOperator } from './runner/operator.ts';
export type * from './runner/types.ts';

/**
 * Takes a release into an environment, from the checks to the record. Resolves however it ends; throws
 * `ExpectedError` when the request is wrong (exit 2), the deployment has begun already or its journal is damaged
 * (exit 3), or the journal cannot be written (exit 5).
 */
export const runRelease = async (options: RunOptions, request: Request): Promise<Outcome> => {
  const token = options.token();
  const state = createState(request, settingsOf(options.app), options.clock.now());
  const input = {
    next: engine(options.gate),
    state,
    etag: undefined,
    first: { kind: 'start', runner: token } as const,
    token,
  };
  return outcomeOf(await new Drive(options, input).run());
};

/** A rollback by a person: the same engine, the same path. `request.rollback` says where to and how. */
export const runRollback = async (
  options: RunOptions,
  request: Request & { readonly rollback: NonNullable<Request['rollback']> },
): Promise<Outcome> => {
  const always = options.app.rollback.database === 'always';
  // Whoever asks for migrations to be undone has chosen: not what a rollback does otherwise.
  const restore = always && request.rollback.revertMigrations !== true;
  const rollback = { ...request.rollback, restoreDatabase: request.rollback.restoreDatabase || restore };
  return await runRelease(options, { ...request, rollback });
};

/** How a deployment that is over ended, as the run that ended it said. */
export const endedOutcome = (state: State): Outcome => outcomeOf({ state, ending: 'over' });

/**
 * Goes on where a runner stopped, here or elsewhere: `continue` from where it was, `revert` back to what was live.
 * `why`: what happened, for the record of a way back. Waits for the lease of a runner that may still be alive.
 * Throws (exit 3) when there is nothing to resume.
 */
export const runResume = async (
  options: RunOptions,
  environment: string,
  deployment: string,
  how: 'continue' | 'revert',
  why?: string,
): Promise<Outcome> => {
  const journal = journalStore(options.ports.objects.lease, environment);
  const entry = await journal.load(deployment);
  if (entry === undefined)
    throw refused(
      `deployment ${deployment} has no journal in ${environment}`,
      'sluice status lists what is open',
    );
  if (entry.state.phase.name === 'done')
    throw refused(`deployment ${deployment} is over: ${entry.state.phase.result.status}`, 'sluice history');
  const token = options.token();
  const because = why === undefined ? {} : { why };
  const first = { kind: 'resume', by: options.holder, runner: token, how, ...because } as const;
  const input = { next: engine(options.gate), state: entry.state, etag: entry.etag, first, token };
  return outcomeOf(await new Drive(options, input).run());
};
