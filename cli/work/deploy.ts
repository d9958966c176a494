import { parseVersion } from '../../config/version.ts';
import { badInput, refused, type ExitCode } from '../../lib/errors.ts';
import { journalStore } from '../../release/adapters/journal.ts';
import { JOB_PHASES, type JobPhase } from '../../release/core/engine/phases.ts';
import { runRelease, runResume } from '../../release/runner.ts';
import type { RunOptions } from '../../release/runner/types.ts';
import { text, type Values } from '../command.ts';
import { parseQuantityOption } from '../options.ts';
import type { Printer } from '../print.ts';
import { requestOf, runHere } from '../run-release.ts';
import { withStack, type OpenedStack } from '../session/find.ts';

interface Around {
  readonly print: Printer;
  readonly signal: AbortSignal;
}

const phaseOf = (options: Values): { until?: JobPhase } => {
  const given = text(options, 'phase');
  if (given === undefined) return {};
  const phase = JOB_PHASES.find((p) => p === given);
  if (phase === undefined)
    throw badInput('there is no such phase', [
      { path: '--phase', reason: 'unknown', got: given, allowed: JOB_PHASES.join(', ') },
    ]);
  return { until: phase };
};

const SHORTEST_LEASE = 2_000;
const LONGEST_LEASE = 10 * 60_000;

/** A short lease is taken over sooner when a runner dies; it costs more heartbeats. */
const leaseOf = (options: Values): { leaseTtlMs?: number } => {
  const given = text(options, 'lease');
  if (given === undefined) return {};
  const leaseTtlMs = parseQuantityOption('--lease', given, 'duration');
  if (leaseTtlMs >= SHORTEST_LEASE && leaseTtlMs <= LONGEST_LEASE) return { leaseTtlMs };
  throw badInput('a lease of this length cannot be kept', [
    { path: '--lease', reason: 'out of range', got: given, allowed: '2 seconds to 10 minutes' },
  ]);
};

const riskOf = (options: Values): 'low' | 'medium' | 'high' | undefined => {
  const risk = text(options, 'risk');
  return risk === 'low' || risk === 'medium' || risk === 'high' ? risk : undefined;
};

/** Says once where this is, and what differs from the stack file. */
const sayWhere = ({ shortened, session, where }: OpenedStack, print: Printer): void => {
  print.event('note', { where }, `  stack ${session.config.stack} on ${where}`);
  if (!shortened) return;
  const bakes = session.config.app.stages.map((s) => `${s.bake / 1000} s`).join(', ');
  print.event(
    'note',
    { shortened: bakes },
    `  sandbox: stages bake ${bakes}; --real-time keeps what the stack file says`,
  );
};

/** Takes a version into the stack; makes the infrastructure first where there is none. */
export const deployVersion = async (version: string, options: Values, around: Around): Promise<ExitCode> => {
  const { tag } = parseVersion(version, '--version');
  // Read before anything is opened, let alone made.
  const within = { ...phaseOf(options), ...leaseOf(options) };
  return withStack(options, async (opened) => {
    const { session } = opened;
    const { app, stack } = session.config;
    if (app.rollout === 'direct')
      throw refused(
        `stack ${stack} is updated directly: a plain update deploys`,
        `pulumi config set sluice:version ${tag} --stack ${stack} && pulumi up --stack ${stack}`,
      );
    sayWhere(opened, around.print);
    const outputs = await session.ensure((e) => {
      if (e.kind === 'summary') around.print.event('stack', { text: e.text }, `  infrastructure: ${e.text}`);
    });
    const draft = session.run(outputs, 'unnamed');
    const request = await requestOf(session, draft, {
      version: tag,
      reason: text(options, 'reason') ?? 'release',
      ticket: text(options, 'ticket'),
      risk: riskOf(options),
    });
    const run: RunOptions = { ...session.run(outputs, request.deployment), ...within };
    return runHere((o) => runRelease(o, request), run, {
      ...around,
      onInterrupt: text(options, 'onInterrupt'),
    });
  });
};

/** Goes on with a deployment whose runner ended, or takes it back. */
export const resumeDeployment = async (
  options: Values,
  around: Around & { readonly how: 'continue' | 'revert' },
): Promise<ExitCode> => {
  const within = { ...phaseOf(options), ...leaseOf(options) };
  return withStack(options, async ({ session }) => {
    const outputs = await session.outputs();
    const { environment } = session.config.app;
    const given = text(options, 'resume');
    const open = await journalStore(session.objects(outputs).lease, environment).listOpen();
    const deployment = given ?? open[0]?.request.deployment;
    if (deployment === undefined)
      throw refused(
        `no deployment is open in ${environment}`,
        `sluice history --stack ${session.config.stack}`,
      );
    const run: RunOptions = { ...session.run(outputs, deployment), ...within };
    return runHere((o) => runResume(o, environment, deployment, around.how), run, {
      ...around,
      onInterrupt: text(options, 'onInterrupt'),
    });
  });
};
