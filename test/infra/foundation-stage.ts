import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readStackFile } from '../../config/stack-file.ts';
import main from '../../infra/index.ts';
import { createEngine, fileStore } from '../../sandbox/engine/index.ts';
import type { Engine, EngineEvent, ResourceState } from '../../sandbox/engine/index.ts';
import type { Props, Provider } from '../../sandbox/provider/contract.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Values that must never be seen in clear. */
export const SECRETS: Readonly<Record<string, string>> = {
  STAGING_DATABASE_URL: 'postgres://azora:staging-hunter2@db.staging/azora',
  PROD_DATABASE_URL: 'postgres://azora:prod-hunter2@db.production/azora',
  DOCKER_USERNAME: 'azora-robot-4711',
  DOCKER_PASSWORD: 'docker-hunter2',
  SLACK_WEBHOOK: 'https://hooks.slack.com/services/T0/B0/slackhunter2',
};

export interface FoundationStage {
  readonly events: EngineEvent[];
  /** The stack's configuration; changes count from the next engine on. */
  readonly config: Record<string, string>;
  engine(): Engine;
  resources(): Promise<readonly ResourceState[]>;
  /** Everything that was written to state and history, as text. */
  written(): string;
  messages(): string[];
}

/** The real program's foundation with Azora's own configuration. `edit` changes `sluice:github`. */
export const foundationStage = (
  provider: Provider,
  edit: (github: Props) => void = () => undefined,
  secrets: Readonly<Record<string, unknown>> = SECRETS,
): FoundationStage => {
  const file = readFileSync(join(ROOT, 'Pulumi.foundation.yaml'), 'utf8');
  const config = readStackFile(file, 'sluice');
  const github = JSON.parse(config['sluice:github'] ?? '{}') as Props;
  edit(github);
  config['sluice:github'] = JSON.stringify(github);
  config['sluice:githubSecrets'] = JSON.stringify(secrets);
  const events: EngineEvent[] = [];
  const directory = mkdtempSync(join(tmpdir(), 'sluice-foundation-'));
  let clock = 1_700_000_000_000;
  const engine = (): Engine =>
    createEngine({
      project: 'sluice',
      stack: 'foundation',
      program: async () => ({ ...(await main()) }),
      config,
      secretKeys: ['sluice:githubSecrets'],
      provider,
      store: fileStore(directory),
      passphrase: 'correct horse',
      onEvent: (event) => events.push(event),
      now: () => (clock += 1),
    });
  return {
    events,
    config,
    engine,
    resources: async () => (await engine().exportState()).resources,
    written: () =>
      readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((f) => f.isFile())
        .map((f) => readFileSync(join(f.parentPath, f.name), 'utf8'))
        .join('\n'),
    messages: () => events.flatMap((e) => (e.kind === 'diagnostic' ? [e.text] : [])),
  };
};
