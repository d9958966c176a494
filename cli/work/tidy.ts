import { EXIT, type ExitCode } from '../../lib/errors.ts';
import { deploymentId } from '../../lib/ids.ts';
import { runTidy } from '../../release/runner.ts';
import type { Values } from '../command.ts';
import type { Printer } from '../print.ts';
import { withStack } from '../session/find.ts';

export const tidyUp = (now: boolean, options: Values, print: Printer): Promise<ExitCode> =>
  withStack(options, async ({ session }) => {
    const outputs = await session.outputs();
    const draft = session.run(outputs, 'unnamed');
    const { commit } = await draft.ports.source.head();
    const deployment = deploymentId(session.clock.now(), commit);
    const result = await runTidy(
      session.run(outputs, deployment),
      session.config.app.environment,
      deployment,
      now,
    );
    print.result(
      'tidy',
      { ...result },
      result.done
        ? `slot of ${result.removed} taken down (release ${result.serial})`
        : `nothing taken down: ${result.why}`,
    );
    return EXIT.done;
  });
