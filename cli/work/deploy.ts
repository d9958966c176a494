import { parseVersion } from '../../config/version.ts';
import { badInput, EXIT, refused, type ExitCode } from '../../lib/errors.ts';
import { journalStore } from '../../release/adapters/journal.ts';
import type { State } from '../../release/core/engine/types.ts';
import type { StackOutputs } from '../../release/ports/stack.ts';
import { runRelease, runResume } from '../../release/runner.ts';
import type { RunOptions } from '../../release/runner/types.ts';
import { flag, text, type Values } from '../command.ts';
import { parseQuantityOption } from '../options.ts';
import type { Printer } from '../print.ts';
import { writeJobOutputs } from '../job-outputs.ts';
import { requestOf, runHere, type Around } from '../run-release.ts';
import { withStack, type OpenedStack } from '../session/find.ts';
import { alreadyLive } from './already-live.ts';
import { readStackConfig } from '../session/stack-config.ts';
import { begunDeployment, continueDeployment, deploymentOf, handleFailure, untilOf } from './phases.ts';

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

/** What a phase of a job says beside the version: nothing begins twice under one id. */
const begunBefore = async (
  { session }: OpenedStack,
  options: Values,
  version: string | undefined,
): Promise<{ readonly outputs: StackOutputs; readonly state: State } | undefined> => {
  const deployment = deploymentOf(options);
  const phase = text(options, 'phase');
  if (deployment === undefined && (phase === undefined || phase === 'preflight')) return undefined;
  const outputs = await session.stack.outputs();
  if (outputs === undefined) return undefined;
  const state = await begunDeployment(session, outputs, { deployment, version });
  return state === undefined ? undefined : { outputs, state };
};

/**
 * Takes a version into the stack; makes the infrastructure first where there is none. With a phase it goes on with
 * what an earlier job began. Without a version it only does that.
 */
export const deployVersion = async (
  given: string | undefined,
  options: Values,
  around: Around,
): Promise<ExitCode> => {
  const tag = given === undefined ? undefined : parseVersion(given, '--version').tag;
  // Read before anything is opened, let alone made.
  deploymentOf(options);
  const within = { ...untilOf(options), ...leaseOf(options) };
  if (
    tag === undefined &&
    text(options, 'deployment') === undefined &&
    text(options, 'phase') === undefined
  ) {
    const { app, values } = readStackConfig(text(options, 'stack') ?? 'production');
    if (app.rollout === 'staged' || values['sluice:version'] === undefined) throw needsVersion();
  }
  return withStack(options, async (opened) => {
    const begun = await begunBefore(opened, options, tag);
    if (begun !== undefined)
      return continueDeployment(opened.session, begun.outputs, begun.state, within, around);
    const version = tag ?? configuredVersion(opened);
    if (version === undefined) throw needsVersion();
    sayWhere(opened, around.print);
    if (flag(options, 'unlessLive') && (await alreadyLive(opened.session, version))) {
      around.print.result(
        'nothing',
        { version },
        `${version} is live as the stack file has it: nothing to deploy`,
      );
      return EXIT.done;
    }
    return begin(opened, version, options, within, around);
  });
};

/** What the stack file of a direct environment says; a staged one deploys what is asked for only. */
const configuredVersion = ({ session }: OpenedStack): string | undefined => {
  const { app, values } = session.config;
  const written = app.rollout === 'direct' ? values['sluice:version'] : undefined;
  return written === undefined ? undefined : parseVersion(written, 'sluice:version').tag;
};

const needsVersion = () =>
  badInput(
    'a version is needed',
    [{ path: '--version', reason: 'is missing', allowed: 'v1.2.3' }],
    'sluice deploy --help',
  );

const begin = async (
  { session }: OpenedStack,
  version: string,
  options: Values,
  within: Partial<RunOptions>,
  around: Around,
): Promise<ExitCode> => {
  const outputs = await session.ensure((e) => {
    if (e.kind === 'summary') around.print.event('stack', { text: e.text }, `  infrastructure: ${e.text}`);
  });
  const request = await requestOf(session, session.run(outputs, 'unnamed'), {
    version,
    reason: text(options, 'reason') ?? 'release',
    ticket: text(options, 'ticket'),
    risk: riskOf(options),
    deployment: deploymentOf(options),
  });
  // Known to the jobs that follow also when this one is lost.
  writeJobOutputs({ deployment: request.deployment, version });
  const run: RunOptions = { ...session.run(outputs, request.deployment), ...within };
  return runHere((o) => runRelease(o, request), run, around);
};

/** The job that runs when another one failed. */
export const afterFailure = (
  version: string | undefined,
  options: Values,
  around: Around,
): Promise<ExitCode> => {
  const wanted = {
    deployment: deploymentOf(options),
    version: version === undefined ? undefined : parseVersion(version, '--version').tag,
  };
  const within = leaseOf(options);
  return withStack(options, ({ session }) => handleFailure(session, wanted, within, around));
};

/** Goes on with a deployment whose runner ended, or takes it back. */
export const resumeDeployment = async (
  options: Values,
  around: Around & { readonly how: 'continue' | 'revert' },
): Promise<ExitCode> => {
  const within = { ...untilOf(options), ...leaseOf(options) };
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
    return runHere((o) => runResume(o, environment, deployment, around.how), run, around);
  });
};
