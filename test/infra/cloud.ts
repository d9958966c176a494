import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Release } from '../../config/release.types.ts';
import { readStackFile } from '../../config/stack-file.ts';
import main from '../../infra/index.ts';
import { createEngine, fileStore } from '../../sandbox/engine/index.ts';
import type { Engine, EngineEvent, Outcome, Program } from '../../sandbox/engine/index.ts';
import type { Props, Provider } from '../../sandbox/provider/contract.ts';

/** Not from test/support, which brings fast-check along: benchmarks use this file too. */
const digest = (n: number): string => `sha256:${n.toString(16).padStart(64, '0')}`;

const ROOT = join(import.meta.dirname, '../..');

/** Top-level inputs that force a replacement, for the few types where tests look at it. */
const REPLACING: Readonly<Record<string, readonly string[]>> = {
  'aws:ecs/taskDefinition:TaskDefinition': ['containerDefinitions', 'cpu', 'memory', 'family'],
  'aws:lb/targetGroup:TargetGroup': ['name', 'port', 'vpcId'],
  'aws:s3/bucketObjectv2:BucketObjectv2': ['bucket', 'key'],
  'aws:s3/bucket:Bucket': ['bucket'],
  'command:local:Command': ['triggers'],
};

interface Thing {
  readonly type: string;
  readonly name: string;
  props: Props;
}

export const nameOf = (urn: string): string => urn.slice(urn.lastIndexOf('::') + 2);

/** A cloud that remembers what it was told, and fails where a test says so. */
export class MemoryCloud implements Provider {
  readonly things = new Map<string, Thing>();
  /** `create blue-api-service`, in the order in which they ended. */
  readonly done: string[] = [];
  /** Called before an operation; may throw. */
  before: (what: string, inputs: Props) => void = () => undefined;
  /** Versions (tags) whose images exist. */
  versions = new Map<string, number>([
    ['v1.0.0', 1],
    ['v2.0.0', 2],
    ['v3.0.0', 3],
  ]);
  secretVersion = 'secret-version-1';
  #next = 1;

  check: Provider['check'] = ({ news }) => Promise.resolve({ inputs: news, failures: [] });

  diff: Provider['diff'] = ({ type, oldInputs, news, ignoreChanges }) => {
    const keys = [...new Set([...Object.keys(oldInputs), ...Object.keys(news)])]
      .filter((key) => !ignoreChanges.includes(key))
      .filter((key) => JSON.stringify(oldInputs[key]) !== JSON.stringify(news[key]));
    const replaces = keys.filter((key) => REPLACING[type]?.includes(key));
    return Promise.resolve({
      changes: keys.length > 0,
      replaces,
      deleteBeforeReplace: false,
      detailed: Object.fromEntries(
        keys.map((key) => [key, { kind: replaces.includes(key) ? 'update-replace' : 'update' }] as const),
      ),
    });
  };

  create: Provider['create'] = ({ urn, type, inputs, preview }) => {
    if (preview) return Promise.resolve({ id: '', outputs: inputs });
    const name = nameOf(urn);
    this.before(`create ${name}`, inputs);
    const id = `${name}-${this.#next++}`;
    const arn = `arn:aws:test:eu-west-1:123456789012:${id}`;
    const outputs: Props = {
      ...inputs,
      arn,
      ...(type === 'aws:lb/loadBalancer:LoadBalancer' ? { dnsName: '127.0.0.1:8080', zoneId: 'Z1' } : {}),
      ...(type === 'command:local:Command' ? { stdout: '', stderr: '' } : {}),
      ...(type === 'aws:acm/certificate:Certificate' ? { domainValidationOptions: [] } : {}),
    };
    this.things.set(type.startsWith('aws:lb/') ? arn : id, { type, name, props: outputs });
    this.done.push(`create ${name}`);
    return Promise.resolve({ id: type.startsWith('aws:lb/') ? arn : id, outputs });
  };

  update: Provider['update'] = ({ urn, id, news, olds, preview }) => {
    const outputs = { ...olds, ...news };
    if (preview) return Promise.resolve({ outputs });
    this.before(`update ${nameOf(urn)}`, news);
    const thing = this.things.get(id);
    if (thing !== undefined) thing.props = outputs;
    this.done.push(`update ${nameOf(urn)}`);
    return Promise.resolve({ outputs });
  };

  delete: Provider['delete'] = ({ urn, id }) => {
    this.before(`delete ${nameOf(urn)}`, {});
    this.things.delete(id);
    this.done.push(`delete ${nameOf(urn)}`);
    return Promise.resolve();
  };

  read: Provider['read'] = ({ id, inputs, outputs }) =>
    Promise.resolve({ id: this.things.has(id) ? id : '', inputs, outputs });

  invoke: Provider['invoke'] = ({ token, args }) => {
    const answer = this.#answer(token, args);
    return Promise.resolve(
      typeof answer === 'string'
        ? { result: {}, failures: [{ property: '', reason: answer }] }
        : { result: answer, failures: [] },
    );
  };

  #answer(token: string, args: Props): Props | string {
    switch (token) {
      case 'aws:index/getAvailabilityZones:getAvailabilityZones':
        return { names: ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'] };
      case 'docker:index/getRegistryImage:getRegistryImage': {
        const name = String(args['name']);
        const version = this.versions.get(name.slice(name.lastIndexOf(':') + 1));
        return version === undefined ? `manifest unknown: ${name}` : { name, sha256Digest: digest(version) };
      }
      case 'aws:secretsmanager/getSecretVersions:getSecretVersions': {
        const arn = `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${String(args['secretId'])}-abcdef`;
        return { arn, versions: [{ versionId: this.secretVersion, versionStages: ['AWSCURRENT'] }] };
      }
      case 'aws:lb/getListenerRule:getListenerRule': {
        const rule = this.things.get(String(args['arn']));
        if (rule === undefined) return `no rule ${String(args['arn'])}`;
        const [action] = rule.props['actions'] as { forward: { targetGroups: Props[] } }[];
        return {
          arn: args['arn'],
          actions: [{ order: 1, forwards: [{ targetGroups: action?.forward.targetGroups }] }],
        };
      }
      default:
        return `unknown function ${token}`;
    }
  }

  named(name: string): Thing | undefined {
    return [...this.things.values()].findLast((t) => t.name === name);
  }

  idOf(name: string): string | undefined {
    return [...this.things].findLast(([, t]) => t.name === name)?.[0];
  }

  /** Service → slot → weight, from the production rules as they are. */
  traffic(): Record<string, Record<string, number>> {
    const result: Record<string, Record<string, number>> = {};
    for (const { type, name, props } of this.things.values()) {
      if (type !== 'aws:lb/listenerRule:ListenerRule' || !name.startsWith('routing-')) continue;
      const [action] = props['actions'] as { forward: { targetGroups: { arn: string; weight: number }[] } }[];
      const weights = (action?.forward.targetGroups ?? []).map(({ arn, weight }) => {
        const group = this.things.get(arn);
        return [group?.name.split('-')[0] ?? '?', weight] as const;
      });
      result[name.slice('routing-'.length)] = Object.fromEntries(weights);
    }
    return result;
  }

  names(type: string): string[] {
    return [...this.things.values()]
      .filter((t) => t.type === type)
      .map((t) => t.name)
      .sort();
  }
}

export interface Stage {
  readonly cloud: MemoryCloud;
  readonly config: Record<string, string>;
  readonly events: EngineEvent[];
  engine(release?: Release): Engine;
  up(release?: Release): Promise<Outcome>;
  outputs(): Promise<Record<string, unknown>>;
  release(): Promise<Release>;
  messages(): string[];
  /** The same stack with another program. */
  withProgram(program: Program): Engine;
  /** Another stack of the project. */
  engineOf(stack: string): Engine;
  /** Everything that was written to state and history, as text. */
  written(): string;
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The real program with Azora's own configuration, on a cloud in memory. `edit` changes `sluice:app`. */
export const stage = (
  stack: 'staging' | 'production',
  edit: (app: Props) => void = () => undefined,
): Stage => {
  const cloud = new MemoryCloud();
  const file = readFileSync(join(ROOT, `Pulumi.${stack}.yaml`), 'utf8');
  const config: Record<string, string> = { ...readStackFile(file, 'sluice') };
  const app = JSON.parse(config['sluice:app'] ?? '{}') as Props;
  edit(app);
  config['sluice:app'] = JSON.stringify(app);
  const events: EngineEvent[] = [];
  const directory = mkdtempSync(join(tmpdir(), 'sluice-program-'));
  folders.push(directory);
  let clock = 1_700_000_000_000;
  const open = (of: string, program: Program, release?: Release): Engine =>
    createEngine({
      project: 'sluice',
      stack: of,
      program,
      config: { ...config, ...(release === undefined ? {} : { 'sluice:release': JSON.stringify(release) }) },
      provider: cloud,
      store: fileStore(join(directory, of)),
      passphrase: 'correct horse',
      onEvent: (event) => events.push(event),
      now: () => (clock += 1),
    });
  const own: Program = async () => ({ ...(await main()) });
  const engine = (release?: Release): Engine => open(stack, own, release);
  const outputs = async (): Promise<Record<string, unknown>> => {
    const all = (await engine().outputs()) ?? {};
    return Object.fromEntries(Object.entries(all).map(([name, output]) => [name, output.value]));
  };
  return {
    cloud,
    config,
    events,
    engine,
    up: (release) => engine(release).up(),
    outputs,
    release: async () => (await outputs())['release'] as Release,
    withProgram: (program) => open(stack, program),
    engineOf: (other) => open(other, own),
    written: () => {
      const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((f) =>
        f.isFile(),
      );
      return files.map((f) => readFileSync(join(f.parentPath, f.name), 'utf8')).join('\n');
    },
    messages: () => events.flatMap((e) => (e.kind === 'diagnostic' ? [e.text] : [])),
  };
};
