import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { systemClock, type Clock } from '../../lib/clock.ts';
import { badInput, messageOf, refused } from '../../lib/errors.ts';
import { deploymentId } from '../../lib/ids.ts';
import { redactor, type Redactor } from '../../lib/redact.ts';
import { s3Objects } from '../../release/adapters/objects.ts';
import { s3Client } from '../../release/adapters/s3.ts';
import { folderObjects } from '../../release/adapters/objects-folder.ts';
import { messageSender } from '../../release/adapters/messages/index.ts';
import { gate } from '../../release/core/gate/gate.ts';
import type { Github } from '../../release/ports/github.ts';
import type { StackOutputs, StackUpdater, UpdateEvent } from '../../release/ports/stack.ts';
import type { Ports, RunOptions, Undo } from '../../release/runner/types.ts';
import { ensureStack } from '../../release/runner.ts';
import { backupStore, type BackupStore } from '../../release/adapters/database/backup-store.ts';
import type { Restored } from '../tasks/restore.ts';
import { databasePorts, restoreDatabase, undoMigrations, type RestoreOptions } from './database.ts';
import { elsewhereIn } from './elsewhere.ts';
import { githubOf } from './github.ts';
import { httpProbe } from './http.ts';
import { fileLogs } from './logs.ts';
import { ROOT, readStackConfig, type StackConfig } from './stack-config.ts';
import type { Surroundings } from './surroundings.ts';

export interface SessionOptions {
  readonly config: StackConfig;
  readonly surroundings: Surroundings;
  /** Working folder: records and logs. */
  readonly directory: string;
  readonly clock?: Clock;
}

/** One stack, opened: everything a command needs to look at it or to change it. */
export interface Session {
  readonly config: StackConfig;
  readonly stack: StackUpdater;
  readonly redactor: Redactor;
  /** The application's repository; undefined where none is named, or without a token. */
  readonly github: Github | undefined;
  readonly clock: Clock;
  readonly directory: string;
  /** Outputs of the stack; makes the infrastructure first where there is none. */
  ensure(onEvent?: (event: UpdateEvent) => void): Promise<StackOutputs>;
  /** Throws (exit 3) when the stack was never updated. */
  outputs(): Promise<StackOutputs>;
  objects(outputs: StackOutputs): Ports['objects'];
  /** Backups of the stack's database. */
  backups(outputs: StackOutputs): BackupStore;
  /** What tasks on the stack's database work with. */
  databaseTasks(outputs: StackOutputs): RestoreOptions;
  /** Restores a backup; `force`: although newer data is lost. */
  restore(outputs: StackOutputs, deployment: string, force: boolean, signal: AbortSignal): Promise<Restored>;
  /** Lets go of what the updater keeps on disk. */
  close(): Promise<void>;
  /** What a deployment is run with. */
  run(outputs: StackOutputs, deployment: string): RunOptions;
}

/** Throws bad input when the working folder cannot be written. */
export const prepareDirectory = (directory: string): string => {
  const path = resolve(directory);
  try {
    mkdirSync(path, { recursive: true });
    const probe = join(path, `.write-${process.pid}`);
    writeFileSync(probe, '');
    rmSync(probe, { force: true });
    return path;
  } catch (error) {
    throw badInput(
      'the working folder cannot be written',
      [
        {
          path: '--directory',
          reason: messageOf(error),
          got: directory,
          allowed: 'a folder that this user may write to',
        },
      ],
      'mend its permissions, or name another with --directory',
    );
  }
};

/** Opens a stack where it is: nothing is asked of the cloud before a command needs it. */
export const openSession = async (options: SessionOptions): Promise<Session> => {
  const { surroundings, directory, clock = systemClock } = options;
  const config = { ...options.config, app: surroundings.app(options.config.app) };
  const { environment, secrets } = surroundings;
  const stack = await surroundings.updater(config);
  const hidden = redactor(surroundings.hidden);
  const s3 = s3Client(environment);
  const objects = (outputs: StackOutputs): Ports['objects'] => ({
    record: s3Objects(outputs.buckets.record, s3),
    lease: s3Objects(outputs.buckets.lease, s3),
    backup: s3Objects(outputs.buckets.backup, s3),
  });
  const databaseTasks: Session['databaseTasks'] = (outputs) => ({
    app: config.app,
    root: ROOT,
    secrets,
    hidden,
    client: s3,
    bucket: outputs.buckets.backup,
    directory,
    clock,
    environment,
  });
  const restore: Session['restore'] = (outputs, deployment, force, signal) =>
    restoreDatabase(databaseTasks(outputs), deployment, force, signal);
  const github = githubOf(config.app, environment);
  for (const token of [environment['GITHUB_TOKEN'], process.env['GITHUB_TOKEN']])
    if (token !== undefined && token !== '') hidden.add(token);
  const around = {
    config,
    github,
    surroundings,
    directory,
    clock,
    stack,
    objects,
    hidden,
    restore,
    databaseTasks,
  };
  return {
    config,
    stack,
    redactor: hidden,
    github,
    clock,
    directory,
    objects,
    ensure: (onEvent) => ensureStack(stack, deploymentId(clock.now(), ''), onEvent),
    outputs: async () => {
      const outputs = await stack.outputs();
      if (outputs !== undefined) return outputs;
      throw refused(
        `stack ${config.stack} was never updated: there is nothing to look at yet`,
        `sluice deploy --stack ${config.stack} --version v1.0.0`,
      );
    },
    backups: (outputs) =>
      backupStore(s3, outputs.buckets.backup, config.app.database?.backup.prefix ?? config.app.environment),
    databaseTasks,
    restore,
    close: async () => {
      await stack.close?.();
    },
    run: (outputs, deployment) => ({
      ports: portsOf(around, outputs, deployment),
      clock,
      app: config.app,
      gate,
      holder: `${userInfo().username}@${hostname()}`,
      token: () => randomUUID(),
    }),
  };
};

interface Around extends Required<SessionOptions> {
  readonly github: Github | undefined;
  readonly stack: StackUpdater;
  readonly objects: (outputs: StackOutputs) => Ports['objects'];
  readonly hidden: Redactor;
  readonly restore: Session['restore'];
  readonly databaseTasks: Session['databaseTasks'];
}

const portsOf = (around: Around, outputs: StackOutputs, deployment: string): Ports => {
  const { stack, hidden, config, surroundings, directory, clock } = around;
  const { secrets } = surroundings;
  return {
    stack,
    ...surroundings.ports(config, outputs, { clock, hidden }),
    secrets,
    messages: messageSender(config.app.notifications, {
      secrets,
      names: config.app.secrets,
      environment: surroundings.environment,
      hidden,
    }),
    ...(around.github === undefined ? {} : { github: around.github }),
    http: httpProbe,
    objects: around.objects(outputs),
    local: folderObjects(directory, ''),
    logs: fileLogs(directory, deployment, config.app.rollout, hidden, () => clock.now()),
    ...(config.app.database === undefined
      ? {}
      : {
          // Whoever asks a rollback to restore the database has been told what that means.
          restore: async (of: string, signal?: AbortSignal) => ({
            ...(await around.restore(outputs, of, true, signal ?? AbortSignal.timeout(3_600_000))),
          }),
          undo: async (what: Undo, signal?: AbortSignal) => ({
            ...(await undoMigrations(
              around.databaseTasks(outputs),
              what,
              around.objects(outputs).record,
              signal ?? AbortSignal.timeout(what.timeoutMs),
            )),
          }),
        }),
    elsewhere: (environment, version) =>
      elsewhereIn(
        (name) => surroundings.updater(readStackConfig(name, {}, { folder: config.folder })),
        around.objects,
        environment,
        version,
      ),
    ...databasePorts({ app: config.app, root: ROOT, secrets, hidden }),
  };
};
