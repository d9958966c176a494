import type { Tasks } from '../../release/ports/supply.ts';
import type { Sandbox } from '../client.ts';

export interface SandboxTaskOptions {
  /** ARN of the service's definition beside which tasks run: its image and its secrets are theirs. */
  readonly taskDefinition: string;
  readonly timeoutMs: number;
}

/** One-off tasks as processes of the local cloud. Their lines come when they have ended. */
export const sandboxTasks = (
  sandbox: Pick<Sandbox, 'call'>,
  { taskDefinition, timeoutMs }: SandboxTaskOptions,
): Pick<Tasks, 'run'> => ({
  run: async (command, environment, onLine, signal) => {
    signal?.throwIfAborted();
    const body = { taskDefinition, command: ['sh', '-c', command], environment, timeoutMs };
    const ended = await sandbox.call<{ exitCode: number; log: string }>(
      'POST',
      '/ecs/run-task',
      body,
      signal,
    );
    for (const line of ended.log.trimEnd().split('\n')) if (line !== '') onLine(line);
    return { exitCode: ended.exitCode };
  },
});
