import { EXIT, refused, type ExitCode } from '../../lib/errors.ts';
import { controlStore } from '../../release/adapters/control.ts';
import { journalStore } from '../../release/adapters/journal.ts';
import type { OperatorCommand } from '../../release/core/engine/effects.ts';
import type { Values } from '../command.ts';
import type { Printer } from '../print.ts';
import { withStack } from '../session/find.ts';
import { approverHere, requireApprover } from './approval.ts';

/** Leaves a command for the runner of a deployment, wherever that runs. */
export const sayTo = (
  command: OperatorCommand['command'],
  given: string | undefined,
  why: string,
  options: Values,
  print: Printer,
): Promise<ExitCode> =>
  withStack(options, async ({ session }) => {
    const outputs = await session.outputs();
    const { lease } = session.objects(outputs);
    const { environment } = session.config.app;
    const open = await journalStore(lease, environment).listOpen();
    const found = given === undefined ? open[0] : open.find((s) => s.request.deployment === given);
    if (found === undefined)
      throw refused(
        given === undefined
          ? `no deployment is open in ${environment}`
          : `deployment ${given} is not open in ${environment}`,
        'sluice status',
      );
    const { deployment } = found.request;
    const approves = command === 'approve';
    const by = approves ? await approverHere(session) : session.run(outputs, deployment).holder;
    if (approves) requireApprover(found, by);
    const n = await controlStore(lease, environment).say(deployment, {
      command,
      by,
      why,
      at: session.clock.now(),
    });
    print.result(
      'said',
      { command, deployment, n },
      `${command} is left for deployment ${deployment}; its runner takes it up within seconds (sluice status)`,
    );
    return EXIT.done;
  });
