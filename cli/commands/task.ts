import { EXIT } from '../../lib/errors.ts';
import type { CommandSpec } from '../command.ts';

const task = (kind: 'backup' | 'migrate' | 'verify' | 'smoke' | 'record', summary: string): CommandSpec => ({
  name: `task ${kind}`,
  summary,
  hidden: true,
  examples: [[`sluice task ${kind}`, 'reads everything from its environment: cli/tasks/environment.ts']],
  run: async ({ signal }) => {
    const { runTask } = await import('../tasks/run.ts');
    await runTask(kind, process.env, signal);
    return EXIT.done;
  },
});

/** What the stack's command resources call, with the id of what is to be done. Ends at once when it is done already. */
export const tasks: readonly CommandSpec[] = [
  task('backup', 'dump, compress, upload and verify the database of a deployment'),
  task('migrate', 'run the migrations of a deployment’s version'),
  task('verify', 'wait until the services of a deployment are healthy'),
  task('smoke', 'run the smoke tests of a deployment before users come to it'),
  task('record', 'keep the record of a deployment by a plain update'),
];
