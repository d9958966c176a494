import type { CommandSpec } from '../command.ts';
import { backups } from './backup.ts';
import { config } from './config.ts';
import { configStep } from './config-step.ts';
import { demo } from './demo.ts';
import { deploy } from './deploy.ts';
import { gateCommands } from './gate.ts';
import { githubCommands } from './github.ts';
import { hostsCommands } from './hosts.ts';
import { history, status } from './look.ts';
import { maintenance } from './maintenance.ts';
import { operateCommands } from './operate.ts';
import { plan } from './plan.ts';
import { preview } from './preview.ts';
import { reconcile } from './reconcile.ts';
import { recordCommands } from './records.ts';
import { recoveryCommands } from './recovery.ts';
import { rollback } from './rollback.ts';
import { sandbox } from './sandbox.ts';
import { tasks } from './task.ts';
import { tidy } from './tidy.ts';
import { workflowCommands } from './workflows.ts';

/** Every command, as data; what they do is loaded when they run. */
export const commands: readonly CommandSpec[] = [
  demo,
  plan,
  preview,
  deploy,
  rollback,
  ...operateCommands,
  reconcile,
  maintenance,
  status,
  history,
  ...recordCommands,
  config,
  configStep,
  ...backups,
  ...recoveryCommands,
  tidy,
  ...gateCommands,
  ...githubCommands,
  ...hostsCommands,
  ...sandbox,
  ...workflowCommands,
  ...tasks,
];
