import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostsPorts } from '../../release/adapters/hosts/ports.ts';
import { sandboxImages } from '../../sandbox/adapters/images.ts';
import { sandboxMetrics } from '../../sandbox/adapters/metrics.ts';
import { sandboxProber } from '../../sandbox/adapters/prober.ts';
import { sandboxSecrets } from '../../sandbox/adapters/secrets.ts';
import { sandboxSource } from '../../sandbox/adapters/source.ts';
import { sandboxTraffic } from '../../sandbox/adapters/traffic.ts';
import type { Sandbox } from '../../sandbox/client.ts';
import { embeddedUpdater, fileStore } from '../../sandbox/engine/index.ts';
import { realUpdater } from './real-updater.ts';
import type { StackConfig } from './stack-config.ts';
import type { OpenedUpdater, Surroundings } from './surroundings.ts';
import { functionsInSandbox } from './targets.ts';

export interface SandboxOptions {
  readonly sandbox: Sandbox;
  /** The application's folder: `main.js`, `versions.json`, migrations. */
  readonly application: string;
  /** The real engine attached to this sandbox; otherwise the embedded one works, without any CLI. */
  readonly realEngine: boolean;
  /** Version → fault that its build has. */
  readonly faults?: Readonly<Record<string, string>>;
  readonly buildMs?: number;
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

const embedded = async (sandbox: Sandbox, config: StackConfig): Promise<OpenedUpdater> => {
  const { default: program } = await import('../../infra/index.ts');
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

/** The local cloud. */
export const inSandbox = (options: SandboxOptions): Surroundings => {
  const { sandbox, application, realEngine, faults, buildMs = 0 } = options;
  const builds = { application, buildMs, ...(faults === undefined ? {} : { faults }) };
  return {
    name: `the local cloud (${sandbox.url})`,
    environment: sandbox.environment(),
    hidden: [sandbox.token],
    secrets: sandboxSecrets(sandbox),
    app: (app) => app,
    updater: (config) => (realEngine ? realUpdater(config) : embedded(sandbox, config)),
    ports: ({ app }) => ({
      ...(app.target.kind === 'lambda'
        ? functionsInSandbox(sandbox, builds)
        : app.target.kind === 'hosts'
          ? {
              ...hostsPorts({ ...app, target: app.target }, process.env),
              images: sandboxImages(sandbox, builds),
            }
          : {
              traffic: sandboxTraffic(sandbox),
              prober: sandboxProber(sandbox),
              metrics: sandboxMetrics(sandbox),
              images: sandboxImages(sandbox, builds),
            }),
      source: sandboxSource(application),
    }),
  };
};
