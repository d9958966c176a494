import { installScript, releaseFiles } from '../config/hosts/files.ts';
import type { HostsApp } from '../config/hosts/types.ts';
import type { Slot } from '../config/release.types.ts';
import type { SlotName } from '../config/types.ts';
import type { PlannedRemote } from './hosts-machine.plan.ts';
import { quoted } from '../lib/shell.ts';

export interface HostsSlotPlanArgs {
  readonly app: HostsApp;
  readonly slot: SlotName;
  readonly frozen: Slot;
  /** Text of the script that does the work on the host. */
  readonly script: string;
}

/** A command that is undone when its slot goes. */
export interface PlannedSlotCommand extends PlannedRemote {
  readonly undo: string | undefined;
}

/** The commands that bring a release up in a slot of one machine, in their order. */
export const planHostsSlot = ({
  app,
  slot,
  frozen,
  script,
}: HostsSlotPlanArgs): readonly PlannedSlotCommand[] => {
  const { path, timeouts, startDelay } = app.target;
  const { deployment } = frozen;
  const call = (...words: readonly string[]): string => [`sh "${path}/sluice/host.sh"`, ...words].join(' ');
  const seconds = (ms: number): number => Math.ceil(ms / 1000);
  const files = releaseFiles(app, frozen, slot);
  return [
    {
      role: 'files',
      command: 'sh',
      stdin: installScript(path, `releases/${deployment}`, files, Object.keys(app.target.files), script),
      timeoutSeconds: seconds(timeouts.prepare),
      undo: undefined,
    },
    {
      role: 'prepare',
      command: call('prepare', deployment),
      stdin: undefined,
      timeoutSeconds: seconds(timeouts.validate),
      undo: undefined,
    },
    {
      role: 'up',
      command: call('up', deployment, slot),
      stdin: undefined,
      timeoutSeconds: seconds(timeouts.deploy + timeouts.health + timeouts.smoke + startDelay),
      undo: call('down', deployment, slot),
    },
  ];
};

/** Takes the web server's file from standard input; workers follow the users to `slot`. */
export const proxyCommand = ({ target }: HostsApp, slot: SlotName): string => {
  return `sh "${target.path}/sluice/host.sh" proxy ${slot} ${quoted(target.proxy?.config ?? '')} ${quoted(target.proxy?.reload ?? '')}`;
};
