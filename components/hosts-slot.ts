import * as pulumi from '@pulumi/pulumi';
import { Command } from '@pulumi/command/remote/command.js';
import type { Host } from '../config/hosts/types.ts';
import type { PlannedSlotCommand } from './hosts-slot.plan.ts';
import { connectionOf } from './hosts-machine.ts';

export interface HostsSlotArgs {
  readonly host: Host;
  readonly privateKey: pulumi.Input<string>;
  readonly planned: readonly PlannedSlotCommand[];
  /** Whose slot it is; runs them all again when it changes. */
  readonly deployment: string;
  readonly after: readonly pulumi.Resource[];
}

/**
 * One slot of one machine: a release beside the one that serves, without traffic. When the slot goes, its containers do;
 * a slot that another release has taken meanwhile is left alone.
 */
export class HostsSlot extends pulumi.ComponentResource {
  readonly up: Command;

  constructor(name: string, args: HostsSlotArgs, opts?: pulumi.ComponentResourceOptions) {
    super('sluice:components:HostsSlot', name, {}, opts);
    const made: Command[] = [];
    for (const { role, command, stdin, timeoutSeconds, undo } of args.planned) {
      const limit = `${timeoutSeconds}s`;
      made.push(
        new Command(
          `${name}-${role}`,
          {
            connection: connectionOf(args.host, args.privateKey),
            create: command,
            ...(undo === undefined ? {} : { delete: undo }),
            ...(stdin === undefined ? {} : { stdin }),
            triggers: [args.deployment],
            logging: 'stdout',
          },
          {
            parent: this,
            dependsOn: [...args.after, ...made.slice(-1)],
            customTimeouts: { create: limit, update: limit, delete: limit },
          },
        ),
      );
    }
    this.up = made.at(-1) as Command;
    this.registerOutputs({});
  }
}
