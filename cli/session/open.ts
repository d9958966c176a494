import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { systemClock, type Clock } from '../../lib/clock.ts';
import { badInput, messageOf, refused } from '../../lib/errors.ts';
import { redactor, type Redactor } from '../../lib/redact.ts';
import { s3Objects } from '../../release/adapters/objects.ts';
import { s3Client } from '../../release/adapters/s3.ts';
import { folderObjects } from '../../release/adapters/objects-folder.ts';
import { gate } from '../../release/core/gate/gate.ts';
import type { StackOutputs, StackUpdater, UpdateEvent } from '../../release/ports/stack.ts';
import type { Ports, RunOptions } from '../../release/runner/types.ts';
import { ensureStack } from '../../release/runner.ts';
import { sandboxImages } from '../../sandbox/adapters/images.ts';
import { sandboxMessages } from '../../sandbox/adapters/messages.ts';
import { sandboxMetrics } from '../../sandbox/adapters/metrics.ts';
import { sandboxProber } from '../../sandbox/adapters/prober.ts';
import { sandboxSecrets } from '../../sandbox/adapters/secrets.ts';
import { sandboxSource } from '../../sandbox/adapters/source.ts';
import { sandboxTraffic } from '../../sandbox/adapters/traffic.ts';
import type { Sandbox } from '../../sandbox/client.ts';
import { embeddedUpdater, fileStore } from '../../sandbox/engine/index.ts';
import { backupStore, type BackupStore } from '../../release/adapters/database/backup-store.ts';
import type { Restored } from '../tasks/restore.ts';
import { databasePorts, restoreDatabase } from './database.ts';
import { elsewhereIn } from './elsewhere.ts';
import { httpProbe } from './http.ts';
import { fileLogs } from './logs.ts';
import { routedMessages } from './messages.ts';
import { ROOT, readStackConfig, type StackConfig } from './stack-config.ts';

export interface SessionOptions {
  readonly config: StackConfig;
  readonly sandbox: Sandbox;
  /** Working folder: records and logs. */
  readonly directory: string;
  /** The application's folder in the sandbox: `main.js`, `versions.json`, migrations. */
  readonly application: string;
  /** Version → fault that its build has. */
  readonly faults?: Readonly<Record<string, string>>;
  readonly buildMs?: number;
  readonly clock?: Clock;
}

/** One stack, opened: everything a command needs to look at it or to change it. */
export interface Session {
  readonly config: StackConfig;
  readonly stack: StackUpdater;
  readonly redactor: Redactor;
  readonly clock: Clock;
  readonly directory: string;
  /** Outputs of the stack; makes the infrastructure first where there is none. */
  ensure(onEvent?: (event: UpdateEvent) => void): Promise<StackOutputs>;
  /** Throws (exit 3) when the stack was never updated. */
  outputs(): Promise<StackOutputs>;
  objects(outputs: StackOutputs): Ports['objects'];
  /** Backups of the stack's database. */
  backups(outputs: StackOutputs): BackupStore;
  /** Restores a backup; `force`: although newer data is lost. */
  restore(outputs: StackOutputs, deployment: string, force: boolean, signal: AbortSignal): Promise<Restored>;
  /** Lets go of what the updater keeps on disk. */
  close(): Promise<void>;
  /** What a deployment is run with. */
  run(outputs: StackOutputs, deployment: string): RunOptions;
}

/** The key of everything secret in the stack's state: given, or made once for this sandbox. */
export const passphraseOf = (folder: string): string => {
  const given = process.env['PULUMI_CONFIG_PASSPHRASE'];
  if (given !== undefined && given !== '') return given;
  const file = join(folder, 'passphrase');
  if (existsSync(file)) return readFileSync(file, 'utf8');
  const made = randomBytes(32).toString('base64url');
  writeFileSync(file, made, { mode: 0o600 });
  return made;
};

/** Throws bad input when the working folder cannot be written. */
export const prepareDirectory = (directory: string): string => {
  const path = resolve(directory);
  try {
    mkdirSync(path, { recursive: true });
    const probe = join(path, `.write-${process.pid}`);
    writeFileSync(probe, '');
    void import('node:fs/promises').then(({ rm }) => rm(probe, { force: true }));
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

/** A shell that names a Pulumi backend means the real engine; otherwise the embedded one works, without any CLI. */
const openUpdater = async ({
  config,
  sandbox,
}: SessionOptions): Promise<StackUpdater & { close?(): Promise<void> }> => {
  const { default: program } = await import('../../infra/index.ts');
  if (process.env['PULUMI_BACKEND_URL'] !== undefined) {
    const { pulumiUpdater } = await import('../../release/adapters/pulumi/updater.ts');
    return pulumiUpdater({
      project: config.project,
      stack: config.stack,
      program: async () => ({ ...(await program()) }),
      config: () => config.values,
      stackFile: config.file,
      environment: {},
    });
  }
  const folder = join(sandbox.directory, 'stacks');
  mkdirSync(folder, { recursive: true });
  return embeddedUpdater(
    {
      project: config.project,
      stack: config.stack,
      program: async () => ({ ...(await program()) }),
      provider: sandbox.provider,
      store: fileStore(join(folder, config.stack)),
      passphrase: passphraseOf(folder),
      now: () => Date.now(),
    },
    { baseConfig: config.values },
  );
};

export const openSession = async (options: SessionOptions): Promise<Session> => {
  const { config, sandbox, directory, clock = systemClock } = options;
  const stack = await openUpdater(options);
  const hidden = redactor([sandbox.token]);
  const s3 = s3Client(sandbox.environment());
  const objects = (outputs: StackOutputs): Ports['objects'] => ({
    record: s3Objects(outputs.buckets.record, s3),
    lease: s3Objects(outputs.buckets.lease, s3),
    backup: s3Objects(outputs.buckets.backup, s3),
  });
  const restore: Session['restore'] = (outputs, deployment, force, signal) =>
    restoreDatabase(
      {
        app: config.app,
        root: ROOT,
        secrets: sandboxSecrets(sandbox),
        hidden,
        client: s3,
        bucket: outputs.buckets.backup,
        directory,
        clock,
        environment: sandbox.environment(),
      },
      deployment,
      force,
      signal,
    );
  return {
    config,
    stack,
    redactor: hidden,
    clock,
    directory,
    objects,
    ensure: (onEvent) => ensureStack(stack, onEvent),
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
    restore,
    close: async () => {
      await stack.close?.();
    },
    run: (outputs, deployment) => ({
      ports: portsOf(options, { stack, outputs, objects, hidden, restore }, deployment),
      clock,
      app: config.app,
      gate,
      holder: `${userInfo().username}@${hostname()}`,
      token: () => randomUUID(),
    }),
  };
};

interface Around {
  readonly stack: StackUpdater;
  readonly outputs: StackOutputs;
  readonly objects: (outputs: StackOutputs) => Ports['objects'];
  readonly hidden: Redactor;
  readonly restore: Session['restore'];
}

const portsOf = (options: SessionOptions, around: Around, deployment: string): Ports => {
  const { stack, hidden } = around;
  const { config, sandbox, directory, application, faults, clock = systemClock } = options;
  const logs = fileLogs(directory, deployment, config.app.rollout, hidden, () => clock.now());
  const secrets = sandboxSecrets(sandbox);
  return {
    stack,
    traffic: sandboxTraffic(sandbox),
    prober: sandboxProber(sandbox),
    metrics: sandboxMetrics(sandbox),
    images: sandboxImages(sandbox, {
      application,
      buildMs: options.buildMs ?? 0,
      ...(faults === undefined ? {} : { faults }),
    }),
    secrets,
    source: sandboxSource(application),
    messages: routedMessages(config.app.notifications, (channels) => sandboxMessages(sandbox, channels)),
    http: httpProbe,
    objects: around.objects(around.outputs),
    local: folderObjects(directory, ''),
    logs,
    ...(config.app.database === undefined
      ? {}
      : {
          // Whoever asks a rollback to restore the database has been told what that means.
          restore: async (of: string, signal?: AbortSignal) => ({
            ...(await around.restore(around.outputs, of, true, signal ?? AbortSignal.timeout(3_600_000))),
          }),
        }),
    elsewhere: (environment, version) =>
      elsewhereIn(
        (name) => openUpdater({ ...options, config: readStackConfig(name, {}, { folder: config.folder }) }),
        around.objects,
        environment,
        version,
      ),
    ...databasePorts({ app: config.app, root: ROOT, secrets, hidden }),
  };
};
