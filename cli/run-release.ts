import { deploymentId } from '../lib/ids.ts';
import type { ExitCode } from '../lib/errors.ts';
import { journalStore } from '../release/adapters/journal.ts';
import type { Request } from '../release/core/engine/types.ts';
import type { Outcome, RunOptions } from '../release/runner/types.ts';
import { createOperator } from '../release/runner.ts';
import { writeJobOutputs } from './job-outputs.ts';
import { askInterrupt } from './interrupt.ts';
import type { Printer } from './print.ts';
import type { Session } from './session/open.ts';
import { showRelease } from './view.ts';

/** What a person or a pipeline gives beside the version. */
export interface Intent {
  readonly version: string;
  readonly reason: string;
  readonly ticket?: string | undefined;
  readonly risk?: Request['risk'] | undefined;
  readonly deployment?: string | undefined;
}

/** Address of the workflow run that this is; undefined outside GitHub Actions. */
export const runLink = (
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined => {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = environment;
  if (server === undefined || repository === undefined || run === undefined) return undefined;
  return `${server}/${repository}/actions/runs/${run}`;
};

type Placed = Pick<Session, 'config' | 'clock'>;

/** Two deployments of one commit in the same second would share an id: the later one takes the next second. */
const freeId = async (session: Placed, { ports }: RunOptions, commit: string): Promise<string> => {
  const journal = journalStore(ports.objects.lease, session.config.app.environment);
  for (let at = session.clock.now(); ; at += 1_000) {
    const id = deploymentId(at, commit);
    if ((await journal.load(id)) === undefined) return id;
  }
};

/** The request of a deployment: who, what, where and why, for the record. */
export const requestOf = async (session: Placed, options: RunOptions, intent: Intent): Promise<Request> => {
  const { source } = options.ports;
  const head = await source.head();
  const tagged = await source.tag(intent.version);
  const commit = tagged ?? head.commit;
  const { app } = session.config;
  const link = runLink();
  const committedAt = await source.madeAt?.(commit);
  return {
    application: app.application,
    environment: app.environment,
    deployment: intent.deployment ?? (await freeId(session, options, commit)),
    version: intent.version,
    commit,
    ref: tagged === undefined ? head.ref : `refs/tags/${intent.version}`,
    by: process.env['GITHUB_ACTOR'] ?? head.actor,
    reason: intent.reason,
    where: options.holder,
    ...(committedAt === undefined ? {} : { committedAt }),
    ...(link === undefined ? {} : { link }),
    ...(intent.ticket === undefined ? {} : { ticket: intent.ticket }),
    ...(intent.risk === undefined ? {} : { risk: intent.risk }),
  };
};

/** Of the command that runs a deployment. */
export interface Around {
  readonly print: Printer;
  readonly signal: AbortSignal;
  /** `--on-interrupt`. */
  readonly onInterrupt?: string | undefined;
}

/** Runs a deployment in this terminal: shows it, and asks what Ctrl-C means. */
export const runHere = async (
  run: (options: RunOptions) => Promise<Outcome>,
  options: RunOptions,
  around: Around,
): Promise<ExitCode> => {
  const { print, signal, onInterrupt } = around;
  const operator = createOperator();
  const onAbort = (): void => {
    void askInterrupt(onInterrupt, print).then((then) => {
      operator.say({ command: 'interrupt', by: `${options.holder} (Ctrl-C)`, choice: then });
    });
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const outcome = await run({ ...options, operator, onView: showRelease(print), pollMs: 1_000 });
    print.settle();
    tellOutcome(outcome, print);
    return outcome.exit;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};

/** Says how a run ended, to people and to the steps that come after it. */
export const tellOutcome = (outcome: Outcome, print: Printer): void => {
  const { state, ...told } = outcome;
  const { version } = state.request;
  writeJobOutputs({
    deployment: outcome.deployment,
    version,
    result: outcome.result,
    phase: state.phase.name,
  });
  print.result(
    'outcome',
    told,
    [
      `${outcome.result}: ${outcome.why}`,
      ...(outcome.attention === undefined || outcome.attention === outcome.why
        ? []
        : [`  attention: ${outcome.attention}`]),
      ...(outcome.hint === undefined ? [] : [`  next: ${outcome.hint}`]),
      `  deployment ${outcome.deployment}`,
    ].join('\n'),
  );
};
