import { deploymentId } from '../lib/ids.ts';
import type { ExitCode } from '../lib/errors.ts';
import type { Request } from '../release/core/engine/types.ts';
import type { Outcome, RunOptions } from '../release/runner/types.ts';
import { createOperator } from '../release/runner.ts';
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

/** The request of a deployment: who, what, where and why, for the record. */
export const requestOf = async (session: Session, options: RunOptions, intent: Intent): Promise<Request> => {
  const { source } = options.ports;
  const head = await source.head();
  const commit = (await source.tag(intent.version)) ?? head.commit;
  const { app } = session.config;
  return {
    application: app.application,
    environment: app.environment,
    deployment: intent.deployment ?? deploymentId(session.clock.now(), commit),
    version: intent.version,
    commit,
    ref: `refs/tags/${intent.version}`,
    by: process.env['GITHUB_ACTOR'] ?? head.actor,
    reason: intent.reason,
    where: options.holder,
    ...(intent.ticket === undefined ? {} : { ticket: intent.ticket }),
    ...(intent.risk === undefined ? {} : { risk: intent.risk }),
  };
};

/** Runs a deployment in this terminal: shows it, and asks what Ctrl-C means. */
export const runHere = async (
  run: (options: RunOptions) => Promise<Outcome>,
  options: RunOptions,
  around: { readonly print: Printer; readonly signal: AbortSignal; readonly onInterrupt: string | undefined },
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

export const tellOutcome = (outcome: Outcome, print: Printer): void => {
  const { state: _state, ...told } = outcome;
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
