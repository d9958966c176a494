import { installScript, releaseFiles } from '../config/hosts/files.ts';
import type { HostsApp } from '../config/hosts/types.ts';
import type { Slot } from '../config/release.types.ts';
import { quoted } from '../lib/shell.ts';

export interface MachinePlanArgs {
  readonly app: HostsApp;
  readonly slot: Slot;
  /** Text of the script that does the work on the host. */
  readonly script: string;
}

/** One command on a machine: what it is called, how long it may take. */
export interface PlannedRemote {
  readonly role: 'files' | 'prepare' | 'switch' | 'up';
  readonly command: string;
  readonly stdin: string | undefined;
  readonly timeoutSeconds: number;
}

export interface PlannedMachine {
  /** Runs them all again when it changes; whatever else changes repeats nothing. */
  readonly deployment: string;
  readonly commands: readonly PlannedRemote[];
}

/** Lets users in, or tells them to come again, on a machine without slots. */
export const doorCommand = (
  word: 'close' | 'open',
  path: string,
  { config, reload }: { readonly config: string; readonly reload: string },
): string => `sh "${path}/sluice/host.sh" ${word} ${[config, reload].map(quoted).join(' ')}`;

/** The commands that bring a release to one machine, in their order. */
export const planMachine = ({ app, slot, script }: MachinePlanArgs): PlannedMachine => {
  const { path, timeouts, health, startDelay } = app.target;
  const { deployment } = slot;
  const call = (word: string): string => `sh "${path}/sluice/host.sh" ${word} ${deployment}`;
  const seconds = (ms: number): number => Math.ceil(ms / 1000);
  // On failure the previous release is taken up within the same command.
  const there = timeouts.deploy + timeouts.health + timeouts.smoke + startDelay;
  return {
    deployment,
    commands: [
      {
        role: 'files',
        command: 'sh',
        stdin: installScript(
          path,
          `releases/${deployment}`,
          releaseFiles(app, slot),
          Object.keys(app.target.files),
          script,
        ),
        timeoutSeconds: seconds(timeouts.prepare),
      },
      {
        role: 'prepare',
        command: call('prepare'),
        stdin: undefined,
        timeoutSeconds: seconds(timeouts.validate),
      },
      {
        role: 'switch',
        command: call('switch'),
        stdin: undefined,
        timeoutSeconds: seconds(
          there + Math.min(there, health.retries * (health.interval + health.timeout) + timeouts.deploy),
        ),
      },
    ],
  };
};
