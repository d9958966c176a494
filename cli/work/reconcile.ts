import pc from 'picocolors';
import type { Release } from '../../config/release.types.ts';
import { EXIT, refused, type ExitCode } from '../../lib/errors.ts';
import { deploymentId } from '../../lib/ids.ts';
import type { LiveShares } from '../../release/core/engine/types.ts';
import { drift } from '../../release/core/engine/weights.ts';
import { readLive } from '../../release/runner/effects/live.ts';
import { lastCompleted, saying } from '../../release/runner/reconcile.ts';
import { runReconcile } from '../../release/runner.ts';
import type { Values } from '../command.ts';
import type { Printer } from '../print.ts';
import { withStack } from '../session/find.ts';
import type { Session } from '../session/open.ts';

const shares = (traffic: Release['traffic']): string => `blue ${traffic.blue} % / green ${traffic.green} %`;

/** What either way would do. `live` is undefined where no one release could say what is live. */
const ways = (stack: string, release: Release, completed: Release, live: LiveShares) => {
  const taken = saying(live, release, release.deployment);
  const unfinished =
    completed.serial === release.serial
      ? ''
      : `, as before release ${release.serial}, which was never carried out as a whole,`;
  return {
    stack: `weights go back to ${shares(completed.traffic)}${unfinished} by direct calls: sluice reconcile --stack ${stack} --to stack`,
    live:
      taken === undefined
        ? undefined
        : `the stack takes over ${shares(taken.traffic)} by an update that moves no traffic: sluice reconcile --stack ${stack} --to live`,
  };
};

const show = async (session: Session, print: Printer): Promise<ExitCode> => {
  const { stack } = session.config;
  const outputs = await session.outputs();
  const { release } = outputs;
  if (release === undefined)
    throw refused(`stack ${stack} has no completed release to agree with`, `pulumi up --stack ${stack}`);
  const run = session.run(outputs, 'unnamed');
  const live = await readLive(run.ports.traffic, outputs.routing);
  const differs = drift(live, release);
  if (differs.length === 0) {
    print.result(
      'reconcile',
      { differs, serial: release.serial },
      `live weights are what release ${release.serial} says: nothing to do`,
    );
    return EXIT.done;
  }
  const completed = await lastCompleted(run, session.config.app.environment, release);
  const way = ways(stack, release, completed, live);
  print.result(
    'reconcile',
    { differs, serial: release.serial, ways: way },
    [
      pc.red(`live weights differ from release ${release.serial}:`),
      ...differs.map((d) => `  ${d}`),
      `  --to stack: ${way.stack}`,
      way.live === undefined
        ? '  --to live: not possible, no one release could say what is live'
        : `  --to live:  ${way.live}`,
    ].join('\n'),
  );
  return EXIT.personNeeded;
};

/**
 * Makes live weights and the stack agree. Without a side nothing is changed: both are shown, and exit 5 asks for one.
 */
export const reconcileStack = (
  to: 'stack' | 'live' | undefined,
  options: Values,
  print: Printer,
): Promise<ExitCode> =>
  withStack(options, async ({ session }) => {
    if (to === undefined) return show(session, print);
    const outputs = await session.outputs();
    const draft = session.run(outputs, 'unnamed');
    const { commit } = await draft.ports.source.head();
    const deployment = deploymentId(session.clock.now(), commit);
    const { environment } = session.config.app;
    const mended = await runReconcile(session.run(outputs, deployment), environment, deployment, to);
    const how = to === 'stack' ? 'weights are what the stack says' : 'the stack says what is live';
    const state = mended.updated === true ? ['the state of the stack had other weights: updated'] : [];
    print.result(
      'reconcile',
      { ...mended, to },
      mended.differed.length === 0 && state.length === 0
        ? `nothing differed (release ${mended.serial})`
        : [
            ...mended.differed.map((d) => `  ${d}`),
            `mended: ${how} (release ${mended.serial})`,
            ...state,
          ].join('\n'),
    );
    return EXIT.done;
  });
