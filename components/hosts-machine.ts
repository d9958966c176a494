import * as pulumi from '@pulumi/pulumi';
import { Command } from '@pulumi/command/remote/command.js';
import type { Host } from '../config/hosts/types.ts';
import type { PlannedMachine } from './hosts-machine.plan.ts';

export interface HostsMachineArgs {
  readonly host: Host;
  /** The private key; secret. */
  readonly privateKey: pulumi.Input<string>;
  readonly planned: PlannedMachine;
  /** The machines before it: a release reaches one after the other. */
  readonly after: readonly pulumi.Resource[];
}

/** Tries to connect, each of at most 15 seconds; a host that restarts is back within them. */
const DIALS = { dialErrorLimit: 3, perDialTimeout: 15 };

/** How the provider reaches a machine. */
export const connectionOf = (host: Host, privateKey: pulumi.Input<string>) => ({
  host: host.address,
  port: host.port,
  user: host.user,
  privateKey: pulumi.secret(privateKey),
  hostKey: host.hostKey,
  ...DIALS,
});

/**
 * One machine of an application on hosts: the files of the release, then checks and images while the previous version
 * serves, then the switch. Each command ends at once when what it names is done already.
 */
export class HostsMachine extends pulumi.ComponentResource {
  readonly deployed: Command;

  constructor(name: string, args: HostsMachineArgs, opts?: pulumi.ComponentResourceOptions) {
    super('sluice:components:HostsMachine', name, {}, opts);
    const { host, planned } = args;
    const connection = connectionOf(host, args.privateKey);
    const made: Command[] = [];
    for (const { role, command, stdin, timeoutSeconds } of planned.commands) {
      const limit = `${timeoutSeconds}s`;
      made.push(
        new Command(
          `${name}-${role}`,
          {
            connection,
            create: command,
            ...(stdin === undefined ? {} : { stdin }),
            triggers: [planned.deployment],
            // What happens there is shown while it happens; its whole log stays on the host.
            logging: 'stdout',
          },
          {
            parent: this,
            dependsOn: [...args.after, ...made.slice(-1)],
            customTimeouts: { create: limit, update: limit },
          },
        ),
      );
    }
    this.deployed = made.at(-1) as Command;
    this.registerOutputs({});
  }
}
