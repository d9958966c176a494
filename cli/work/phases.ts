import { DEPLOYMENT_ID } from '../../lib/ids.ts';
import { badInput, EXIT, refused, type ExitCode } from '../../lib/errors.ts';
import { journalStore, type Journal } from '../../release/adapters/journal.ts';
import { recordStore } from '../../release/adapters/records.ts';
import { readUntil, untilNames, type Until } from '../../release/core/engine/phases.ts';
import type { State } from '../../release/core/engine/types.ts';
import { documentKey, reportName } from '../../release/core/records/names.ts';
import { endedOutcome, runResume } from '../../release/runner.ts';
import type { RunOptions } from '../../release/runner/types.ts';
import type { StackOutputs } from '../../release/ports/stack.ts';
import { text, type Values } from '../command.ts';
import { runHere, tellOutcome, type Around } from '../run-release.ts';
import type { Session } from '../session/open.ts';
import { readStackConfig } from '../session/stack-config.ts';
import { takeReview } from './approval.ts';

/** What `--phase failure` stands for: the job that looks after a deployment in which another job failed. */
export const FAILURE = 'failure';

/** Reads `--phase` before anything is opened. Throws bad input that names phases and stages of this stack. */
export const untilOf = (options: Values): { until?: Until } => {
  const given = text(options, 'phase');
  if (given === undefined) return {};
  const { app } = readStackConfig(text(options, 'stack') ?? 'production');
  const until = readUntil(given, app);
  if (until === undefined)
    throw badInput('there is no such phase', [
      {
        path: '--phase',
        reason: 'is no phase and no stage of this stack',
        got: given,
        allowed: [...untilNames(app), FAILURE].join(', '),
      },
    ]);
  return { until };
};

/** Reads `--deployment`. */
export const deploymentOf = (options: Values): string | undefined => {
  const given = text(options, 'deployment');
  if (given === undefined || DEPLOYMENT_ID.test(given)) return given;
  throw badInput('this is no deployment', [
    {
      path: '--deployment',
      reason: 'is no deployment id',
      got: JSON.stringify(given.slice(0, 60)),
      allowed: '<unix seconds>-<6 to 40 hex digits of the commit>',
    },
  ]);
};

const journalOf = (session: Session, outputs: StackOutputs): Journal =>
  journalStore(session.objects(outputs).lease, session.config.app.environment);

/**
 * The deployment that a job goes on with: the one named, or the open one of the version. Undefined: none has begun.
 * Throws (exit 3) when several fit, and when the one named is of another version.
 */
export const begunDeployment = async (
  session: Session,
  outputs: StackOutputs,
  wanted: { readonly deployment?: string | undefined; readonly version?: string | undefined },
): Promise<State | undefined> => {
  const journal = journalOf(session, outputs);
  const { deployment, version } = wanted;
  if (deployment !== undefined) {
    const state = (await journal.load(deployment))?.state;
    if (state !== undefined && version !== undefined && state.request.version !== version)
      throw refused(
        `deployment ${deployment} is of ${state.request.version}, not of ${version}`,
        'leave --version out',
      );
    return state;
  }
  const open = (await journal.listOpen()).filter(
    (s) => s.kind === 'release' && (version === undefined || s.request.version === version),
  );
  if (open.length > 1)
    throw refused(
      `several deployments are open: ${open.map((s) => s.request.deployment).join(', ')}`,
      'name one with --deployment',
    );
  return open[0];
};

/** Goes on with a deployment up to a phase. One that is over is told again: a job may be run twice. */
export const continueDeployment = async (
  session: Session,
  outputs: StackOutputs,
  state: State,
  within: Partial<RunOptions>,
  around: Around,
): Promise<ExitCode> => {
  const { deployment, environment } = state.request;
  if (state.phase.name === 'done') return tellEnd(state, around);
  await takeReview(session, outputs, state);
  const run: RunOptions = { ...session.run(outputs, deployment), ...within };
  return runHere((o) => runResume(o, environment, deployment, 'continue'), run, around);
};

const tellEnd = (state: State, around: Around): ExitCode => {
  const outcome = endedOutcome(state);
  tellOutcome(outcome, around.print);
  return outcome.exit;
};

/**
 * The job that runs when another one failed: what is left half-way goes back, and what happened is reported. Ends
 * as the deployment did (0 done, 3 refused, 4 rolled back, 5 a person is needed); 0 when none has begun.
 */
export const handleFailure = async (
  session: Session,
  wanted: { readonly deployment?: string | undefined; readonly version?: string | undefined },
  within: Partial<RunOptions>,
  around: Around,
): Promise<ExitCode> => {
  const outputs = await session.stack.outputs();
  const state = outputs === undefined ? undefined : await begunDeployment(session, outputs, wanted);
  if (outputs === undefined || state === undefined) {
    around.print.result('nothing', {}, 'no deployment has begun: there is nothing to take back');
    return EXIT.done;
  }
  const code = await settle(session, outputs, state, within, around);
  await tellReport(session, outputs, state, around);
  return code;
};

const settle = (
  session: Session,
  outputs: StackOutputs,
  state: State,
  within: Partial<RunOptions>,
  around: Around,
): Promise<ExitCode> => {
  const { deployment, environment } = state.request;
  switch (state.phase.name) {
    case 'done':
      return Promise.resolve(tellEnd(state, around));
    case 'halted':
      // Somebody moved traffic: what they meant is theirs to say.
      throw refused(`deployment ${deployment} is halted: ${state.phase.why}`, state.phase.hint);
    default: {
      const run: RunOptions = { ...session.run(outputs, deployment), ...within };
      const why = `a job failed or was lost while the deployment was in ${placeOf(state)}`;
      return runHere((o) => runResume(o, environment, deployment, 'revert', why), run, around);
    }
  }
};

const placeOf = (s: State): string =>
  s.phase.name === 'stage' ? `stage ${s.stages[s.phase.index]?.name ?? '?'}` : `phase ${s.phase.name}`;

const tellReport = async (
  session: Session,
  outputs: StackOutputs,
  { request }: State,
  around: Around,
): Promise<void> => {
  const key = documentKey(request.environment, reportName(request.deployment));
  const report = await recordStore(session.objects(outputs).record, request.environment).text(key);
  if (report !== undefined) around.print.result('report', { key, report }, `\n${report}`);
};
