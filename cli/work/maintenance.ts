import { EXIT, type ExitCode } from '../../lib/errors.ts';
import { deploymentId } from '../../lib/ids.ts';
import { runMaintenance } from '../../release/runner.ts';
import type { Values } from '../command.ts';
import type { Printer } from '../print.ts';
import { withStack } from '../session/find.ts';

/** Closes the stack's application to its users, or opens it. */
export const setMaintenance = (
  closed: boolean,
  reason: string,
  options: Values,
  print: Printer,
): Promise<ExitCode> =>
  withStack(options, async ({ session }) => {
    const outputs = await session.outputs();
    const { source } = session.run(outputs, 'unnamed').ports;
    const { commit, actor } = await source.head();
    const deployment = deploymentId(session.clock.now(), commit);
    const done = await runMaintenance(session.run(outputs, deployment), {
      deployment,
      closed,
      by: actor,
      reason,
    });
    const { environment } = session.config.app;
    const state = closed ? 'users see the maintenance page' : 'users are let in';
    const next = closed ? `   open it again: sluice maintenance off --stack ${session.config.stack}` : '';
    print.result(
      'maintenance',
      { environment, ...done },
      done.changed
        ? `${environment}: ${state} (release ${done.serial}, kept as ${done.record ?? ''})${next}`
        : `${environment}: ${state} already (release ${done.serial})`,
    );
    return EXIT.done;
  });
