import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { LocalWorkspace, Stack } from '@pulumi/pulumi/automation/index.js';
import type { EngineEvent as RealEvent } from '@pulumi/pulumi/automation/index.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCli } from '../../../release/adapters/pulumi/command.ts';
import type { Program, StackState } from '../../../sandbox/engine/index.ts';
import { isRecord, isSecret } from '../../../sandbox/engine/values.ts';
import { serveProvider } from '../../../sandbox/grpc/server.ts';
import type { ProviderServer } from '../../../sandbox/grpc/server.ts';
import { PartialFailure } from '../../../sandbox/provider/contract.ts';
import { group as groupOf, ops, stage, ToyCloud, toy as toyOf, type Group, type Toy } from './toy.ts';

/** One step of a story: a program, what the cloud does meanwhile, and whether the update is to fail. */
interface Chapter {
  readonly program: Program;
  readonly before?: (what: string) => void;
  readonly fails?: true;
  /** Also previewed before: what it announces is compared too. */
  readonly previewed?: true;
}

/** What a user can tell of one update, with counters in names left out and independents in one order. */
interface Seen {
  readonly announced: readonly string[];
  readonly failed: boolean;
  readonly calls: readonly string[];
  readonly ops: readonly string[];
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly state: readonly unknown[];
}

const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value ?? null).replace(/([a-z])-\d+\b/g, '$1-#')) as unknown;
/** Values only: the Automation API marks an output that is a secret, not one that has a secret inside. */
const values = (outputs: Readonly<Record<string, { value: unknown }>>): Record<string, unknown> =>
  plain(Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]))) as Record<
    string,
    unknown
  >;
/** A secret by its place, not by its text: the real engine exports it sealed. */
const closed = (value: unknown): unknown => {
  if (isSecret(value) || (isRecord(value) && 'ciphertext' in value)) return '[secret]';
  if (Array.isArray(value)) return value.map(closed);
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, closed(v)]));
  return value;
};
const isDefaultProvider = (urn: string): boolean => /pulumi:providers:\w+::default/.test(urn);
const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

const stateOf = (resources: readonly Record<string, unknown>[]): unknown[] =>
  resources
    .filter((r) => !isDefaultProvider(String(r['urn'])))
    .map((r) => {
      const explicit =
        typeof r['provider'] === 'string' && !isDefaultProvider(r['provider']) ? r['provider'] : '';
      return plain({
        urn: r['urn'],
        id: r['type'] === 'pulumi:providers:toy' ? '' : (r['id'] ?? ''),
        inputs: providerless(r, closed(r['inputs'] ?? {})),
        outputs: providerless(r, closed(r['outputs'] ?? {})),
        parent: r['parent'] ?? '',
        dependencies: [...((r['dependencies'] ?? []) as string[])].sort(),
        propertyDependencies: Object.fromEntries(
          Object.entries((r['propertyDependencies'] ?? {}) as Record<string, string[] | null>).filter(
            ([, urns]) => urns !== null && urns.length > 0,
          ),
        ),
        provider: explicit.slice(0, explicit.lastIndexOf('::')),
        protect: r['protect'] ?? false,
        retainOnDelete: r['retainOnDelete'] ?? false,
        deletedWith: r['deletedWith'] ?? '',
        external: r['external'] ?? false,
        delete: r['delete'] ?? false,
        pendingReplacement: r['pendingReplacement'] ?? false,
        initErrors: r['initErrors'] ?? [],
      });
    })
    .sort(byText);
/** The real engine adds a version to the settings of a provider. */
const providerless = (r: Record<string, unknown>, value: unknown): unknown =>
  r['type'] === 'pulumi:providers:toy' && isRecord(value) ? { region: value['region'] } : value;

let server: ProviderServer;
const cloud = { current: new ToyCloud() };
const home = mkdtempSync(join(tmpdir(), 'sluice-real-'));

beforeAll(async () => {
  const to = cloud;
  server = await serveProvider(
    {
      check: (r) => to.current.check(r),
      diff: (r) => to.current.diff(r),
      create: (r, s) => to.current.create(r, s),
      read: (r) => to.current.read(r),
      update: (r, s) => to.current.update(r, s),
      delete: (r, s) => to.current.delete(r, s),
      invoke: (r) => to.current.invoke(r),
    },
    '1.0.0',
  );
});
afterAll(() => {
  server.close();
  rmSync(home, { recursive: true });
});

const realStack = async (name: string): Promise<Stack> => {
  const workDir = join(home, name);
  mkdirSync(workDir, { recursive: true });
  const envVars = {
    PULUMI_BACKEND_URL: `file://${workDir}`,
    PULUMI_HOME: join(home, 'home'),
    PULUMI_CONFIG_PASSPHRASE: 'correct horse',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
    PULUMI_DEBUG_PROVIDERS: `toy:${server.port}`,
  };
  writeFileSync(join(workDir, 'Pulumi.yaml'), 'name: toys\nruntime: nodejs\n');
  // Without the questions that the Automation API asks after each update: half of the time of this file.
  const cli = await openCli(workDir, envVars);
  await cli.run(['stack', 'init', name, '--no-select']);
  return Stack.select(name, await LocalWorkspace.create({ workDir, pulumiCommand: cli.command, envVars }));
};

/** Outputs in an exported state, secrets opened. */
const opened = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(opened);
  if (!isRecord(value)) return value;
  if (typeof value['plaintext'] === 'string') return JSON.parse(value['plaintext']) as unknown;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, opened(v)]));
};
const outputsOf = (resources: readonly Record<string, unknown>[]): Record<string, { value: unknown }> => {
  const root = resources.find((r) => r['type'] === 'pulumi:pulumi:Stack')?.['outputs'];
  const entries = Object.entries(isRecord(root) ? root : {});
  return Object.fromEntries(entries.map(([name, value]) => [name, { value: opened(value) }]));
};

/** Components begin and end on their own: nothing waits for them. They come last, by name. */
const inOrder = (steps: readonly string[]): string[] => {
  const isComponent = (step: string): boolean => / (\S+-)?(g|old|new)$/.test(step);
  return [...steps.filter((s) => !isComponent(s)), ...steps.filter(isComponent).sort()];
};

const byReal = async (name: string, chapters: readonly Chapter[]): Promise<Seen[]> => {
  const stack = await realStack(name);
  cloud.current = new ToyCloud();
  const seen: Seen[] = [];
  for (const { program, before, previewed } of chapters) {
    cloud.current.calls.length = 0;
    cloud.current.before = before ?? (() => undefined);
    const announced: string[] = [];
    const steps: string[] = [];
    const into =
      (list: string[], kind: 'resOutputsEvent' | 'resourcePreEvent') =>
      (event: RealEvent): void => {
        const metadata = event[kind]?.metadata;
        if (metadata === undefined || isDefaultProvider(metadata.urn) || metadata.op === 'same') return;
        if (metadata.type === 'pulumi:pulumi:Stack') return;
        list.push(`${metadata.op} ${metadata.urn.slice(metadata.urn.lastIndexOf('::') + 2)}`);
      };
    const inline = async (): Promise<Record<string, unknown>> => (await program()) ?? {};
    if (previewed) await stack.preview({ program: inline, onEvent: into(announced, 'resourcePreEvent') });
    const onEvent = into(steps, 'resOutputsEvent');
    const failed = await stack.up({ program: inline, onEvent }).then(
      () => false,
      () => true,
    );
    const exported = (await stack.exportStack()).deployment as { resources?: Record<string, unknown>[] };
    seen.push({
      announced: inOrder(announced),
      failed,
      calls: plain([...cloud.current.calls]) as string[],
      ops: inOrder(steps),
      outputs: values(outputsOf(exported.resources ?? [])),
      state: stateOf(exported.resources ?? []),
    });
  }
  return seen;
};

const byEmbedded = async (name: string, chapters: readonly Chapter[]): Promise<Seen[]> => {
  const s = stage(name);
  const seen: Seen[] = [];
  for (const { program, before, previewed } of chapters) {
    s.cloud.calls.length = 0;
    s.cloud.before = before ?? (() => undefined);
    s.events.length = 0;
    const engine = s.engine(program);
    const announced = previewed ? ops((await engine.preview()).steps) : [];
    s.events.length = 0;
    const failed = await engine.up().then(
      () => false,
      () => true,
    );
    const done = s.events.flatMap((e) => (e.kind === 'done' ? [e] : []));
    const { resources }: StackState = await engine.exportState();
    seen.push({
      announced: inOrder(announced),
      failed,
      calls: plain([...s.cloud.calls]) as string[],
      ops: inOrder(ops(done)),
      outputs: values((await engine.outputs()) ?? {}),
      state: stateOf(resources as unknown as Record<string, unknown>[]),
    });
  }
  return seen;
};

/** Of the story whose program begins just now: several of them live in one stack. */
let prefix = '';
const own = (name: string): string => `${prefix}${name}`;
const toy = (name: string, args?: Record<string, unknown>, options?: pulumi.CustomResourceOptions): Toy =>
  toyOf(own(name), args, options);
const group = (name: string, args: pulumi.Inputs, options: pulumi.ComponentResourceOptions): Group =>
  groupOf(own(name), args, options);

const chain =
  (args: Record<string, unknown>, options: pulumi.CustomResourceOptions = {}): Program =>
  async () => {
    const a = toy('a', args, options);
    const b = toy('b', { note: a.address, tags: { of: a.id } });
    const c = toy('c', { size: 1 }, { dependsOn: b });
    return { a: a.address, b: b.note, c: c.id };
  };
const roomy =
  (room: string): Program =>
  async () => {
    const a = toy('a', { room });
    const b = toy('b', { zone: a.address });
    const c = toy('c', { note: b.address });
    return { c: c.note };
  };
const named =
  (name: string, alias?: string): Program =>
  async () => {
    const parent = group(name, {}, alias === undefined ? {} : { aliases: [{ name: own(alias) }] });
    const a = toy(`${name}-a`, { size: 1 }, { parent });
    return { a: toy('plain', { note: a.address }, { parent }).note };
  };
const hidden =
  (text: string): Program =>
  async () => {
    const a = toy('a', { note: pulumi.secret(text), tags: { inner: pulumi.secret(text), open: 'x' } });
    const b = toy('b', { list: ['plain', a.note] }, { additionalSecretOutputs: ['address'] });
    return { a: a.note, b: b.address, open: a.id, nested: { deep: [a.note] } };
  };
const referring =
  (serial: number): Program =>
  async () => {
    const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
    const self = new pulumi.StackReference(own('self'), { name });
    const mixed = own('mixed');
    const { value } = await self.getOutputDetails(own('release'));
    const withSecret = await self.getOutputDetails(mixed);
    return {
      last: (value as unknown) ?? 'none',
      mixedSeen: withSecret.value !== undefined,
      release: { serial },
      mixed: { serial, token: pulumi.secret('t') },
    };
  };
const grouped =
  (options: pulumi.ComponentResourceOptions, args: Record<string, unknown> = {}): Program =>
  async () => {
    const parent = group('g', {}, options);
    const a = toy('a', args, { parent });
    const b = toy('b', { note: a.address }, { parent, deletedWith: a });
    return { b: b.note };
  };
class ToyProvider extends pulumi.ProviderResource {
  constructor(name: string, args: pulumi.Inputs) {
    super('toy', name, args);
  }
}
const provided =
  (region: string): Program =>
  async () => {
    const provider = new ToyProvider(own('explicit'), { region });
    const parent = group('g', {}, { providers: [provider] });
    const a = toy('a', {}, { parent });
    return { a: a.address, b: toy('b', { note: a.address }, { provider }).id };
  };
const nothing: Program = async () => ({});
const breaking =
  (broken: string) =>
  (what: string): void => {
    if (what === broken) throw new Error('no capacity');
  };

/** Stories in which nothing fails: told side by side in one stack, each with names of its own. */
const together: Readonly<Record<string, readonly Chapter[]>> = {
  'updated-': [
    { program: chain({ size: 1 }) },
    { program: chain({ size: 1 }) },
    { program: chain({ size: 2, tags: { x: 'y' } }), previewed: true },
    { program: nothing, previewed: true },
  ],
  'created-first-': [{ program: chain({ zone: '1' }) }, { program: chain({ zone: '2' }), previewed: true }],
  'deleted-first-': [
    { program: roomy('1'), previewed: true },
    { program: roomy('2'), previewed: true },
  ],
  'renamed-': [{ program: named('old') }, { program: named('new', 'old') }],
  'hidden-': [{ program: hidden('one') }, { program: hidden('one') }, { program: hidden('two') }],
  'referring-': [{ program: referring(0) }, { program: referring(1) }, { program: referring(2) }],
  'forced-': [
    { program: chain({ size: 1, triggers: ['1'] }, { ignoreChanges: ['size'] }) },
    { program: chain({ size: 2, triggers: ['1'] }, { ignoreChanges: ['size'] }) },
    { program: chain({ size: 2, triggers: ['2'] }, { replaceOnChanges: ['triggers[*]'] }) },
  ],
  'provided-': [{ program: provided('one'), previewed: true }, { program: nothing }],
  'inherited-': [
    { program: grouped({ protect: true }) },
    { program: grouped({ retainOnDelete: true }) },
    { program: grouped({}, { size: 2 }) },
    { program: nothing },
  ],
};

/** One chapter of all of them; a story that is over stays as it ended. */
const chapterOf = (number: number): Chapter => {
  const of = Object.entries(together).map(
    ([name, chapters]) => [name, chapters[Math.min(number, chapters.length - 1)]] as const,
  );
  return {
    previewed: true,
    program: async () => {
      const outputs: Record<string, unknown> = {};
      for (const [name, chapter] of of) {
        prefix = name;
        for (const [key, value] of Object.entries((await chapter?.program()) ?? {}))
          outputs[`${name}${key}`] = value;
      }
      prefix = '';
      return outputs;
    },
  };
};

/** Stories have no order among one another. */
const byStory = ({ announced, calls, ops: done, ...rest }: Seen): unknown => {
  const of = (name: string, steps: readonly string[]) =>
    steps.filter((s) => s.split(' ')[1]?.startsWith(name));
  return {
    ...rest,
    stories: Object.keys(together).map((name) => [name, ...[announced, calls, done].map((l) => of(name, l))]),
  };
};

const stories: Record<string, readonly Chapter[]> = {
  'a replacement that deletes first and then fails': [
    { program: roomy('1') },
    { program: roomy('2'), before: breaking('create a'), fails: true },
  ],
  'a create that fails, and the same again': [
    { program: chain({ size: 1 }), before: breaking('create b'), fails: true },
    { program: chain({ size: 1 }) },
  ],
  'a resource made in part': [
    {
      program: chain({ size: 1 }),
      before: (what) => {
        if (what === 'create a') throw new PartialFailure('never steady', 'a-7', { size: 1 });
      },
      fails: true,
    },
    { program: chain({ size: 1 }) },
  ],
  'a replaced one that cannot be deleted, and the same again': [
    { program: chain({ zone: '1' }) },
    { program: chain({ zone: '2' }), before: breaking('delete a'), fails: true },
    { program: chain({ zone: '2' }) },
  ],
  'a program that throws': [
    { program: chain({ size: 1 }) },
    {
      program: async () => {
        toy('a', { size: 1 });
        throw new Error('refused');
      },
      fails: true,
    },
  ],
  'a protected replacement': [
    { program: chain({ zone: '1' }, { protect: true }) },
    { program: chain({ zone: '2' }, { protect: true }), fails: true },
    { program: chain({ zone: '2' }) },
  ],
};

describe('the embedded engine does what the real one does', () => {
  test('updates, replacements, new names, secrets, references, options, providers', async () => {
    const chapters = [0, 1, 2, 3].map(chapterOf);
    const real = await byReal('together', chapters);
    const embedded = await byEmbedded('together', chapters);
    expect(embedded.map(byStory)).toEqual(real.map(byStory));
    expect(real.map((seen) => seen.failed)).toEqual([false, false, false, false]);
    // Something was seen of each.
    const made = JSON.stringify(real[0]?.ops);
    expect(Object.keys(together).filter((name) => !made.includes(` ${name}`))).toEqual([]);
  });

  let count = 0;
  for (const [name, chapters] of Object.entries(stories))
    test(name, async () => {
      const stack = `s${(count += 1)}`;
      const real = await byReal(stack, chapters);
      const embedded = await byEmbedded(stack, chapters);
      expect(embedded).toEqual(real);
      expect(real.map((seen) => seen.failed)).toEqual(chapters.map((chapter) => chapter.fails ?? false));
    });
});
