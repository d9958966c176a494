import * as pulumi from '@pulumi/pulumi';
import { Command } from '@pulumi/command/local/command.js';
import type { CommandKind, PlannedCommand } from './database-command.plan.ts';

export interface DatabaseCommandArgs {
  /** What to do, and for which deployment; see database-command.plan.ts. */
  readonly planned: PlannedCommand;
  /** Values that are known late or are secret: buckets, addresses, preview tokens. Never a secret's value. */
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
  /** What must be there, or done, before it starts. */
  readonly after: readonly pulumi.Resource[];
}

/**
 * Pulumi starts commands in the program's folder, which is the project's or `infra/`, by the way it was called.
 * A path of this machine must not be an input: on every other machine it would be a change.
 */
const createText = (kind: CommandKind): string =>
  `[ -e cli/sluice.js ] || cd ..; node cli/sluice.js task ${kind}`;

/**
 * Backup, migration or verification of a deployment: one command of this project's own. It does what the
 * deployment's id names and ends at once when that is done already, so whatever else changes repeats nothing.
 */
export class DatabaseCommand extends pulumi.ComponentResource {
  readonly command: Command;

  constructor(name: string, args: DatabaseCommandArgs, opts?: pulumi.ComponentResourceOptions) {
    super('sluice:components:DatabaseCommand', name, {}, opts);
    const { planned } = args;
    const limit = `${planned.timeoutSeconds}s`;
    this.command = new Command(
      `${name}-command`,
      {
        create: createText(planned.kind),
        environment: { ...planned.environment, ...args.environment },
        triggers: [planned.deployment],
        // Output goes to the command's own log file: nothing of it into state.
        logging: 'none',
      },
      { parent: this, dependsOn: [...args.after], customTimeouts: { create: limit, update: limit } },
    );
    this.registerOutputs({});
  }
}
