import { mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { createEngine, fileStore } from '../../../sandbox/engine/index.ts';
import type { Engine, EngineEvent, EngineOptions, Program, Step } from '../../../sandbox/engine/index.ts';
import { UNKNOWN } from '../../../sandbox/provider/contract.ts';
import type { DiffKind, Props, Provider } from '../../../sandbox/provider/contract.ts';

/** A resource of the toy cloud. `size` is updated in place, `zone` forces a replacement, `room` one that deletes first. */
export class Toy extends pulumi.CustomResource {
  declare readonly size: pulumi.Output<number | undefined>;
  declare readonly note: pulumi.Output<string | undefined>;
  declare readonly address: pulumi.Output<string>;
  constructor(name: string, args: Record<string, unknown> = {}, options: pulumi.CustomResourceOptions = {}) {
    super('toy:index:Toy', name, { size: undefined, note: undefined, ...args, address: undefined }, options);
  }
}

export class Group extends pulumi.ComponentResource {
  constructor(name: string, args: pulumi.Inputs = {}, options: pulumi.ComponentResourceOptions = {}) {
    super('toy:index:Group', name, args, options);
  }
}

export const toy = (
  name: string,
  args: Record<string, unknown> = {},
  options: pulumi.CustomResourceOptions = {},
): Toy => new Toy(name, args, options);
export const group = (
  name: string,
  args: pulumi.Inputs = {},
  options: pulumi.ComponentResourceOptions = {},
): Group => new Group(name, args, options);

const REPLACING = new Set(['zone', 'room']);

/** Remembers every call; fails, waits or half-fails where a test says so. */
export class ToyCloud implements Provider {
  readonly things = new Map<string, Props>();
  readonly calls: string[] = [];
  /** Called before an operation with `create a`, `delete b`, …; may throw or wait. */
  before: (what: string, signal?: AbortSignal) => void | Promise<void> = () => undefined;
  #next = 1;

  #name(urn: string): string {
    return urn.slice(urn.lastIndexOf('::') + 2);
  }

  async #act(verb: string, urn: string, signal?: AbortSignal): Promise<void> {
    const what = `${verb} ${this.#name(urn)}`;
    this.calls.push(what);
    await this.before(what, signal);
  }

  check: Provider['check'] = ({ news }) => {
    const failures = news['size'] === -1 ? [{ property: 'size', reason: 'must not be negative' }] : [];
    return Promise.resolve({ inputs: news, failures });
  };

  diff: Provider['diff'] = ({ oldInputs, news }) => {
    const detailed: Record<string, { kind: DiffKind }> = {};
    const walk = (path: string, a: unknown, b: unknown, replacing: boolean): void => {
      const tail = replacing ? '-replace' : '';
      if (JSON.stringify(a) === JSON.stringify(b)) return;
      if (Array.isArray(a) && Array.isArray(b)) {
        for (let i = 0; i < Math.max(a.length, b.length); i += 1)
          walk(`${path}[${i}]`, a[i], b[i], replacing);
      } else if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) {
        for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
          walk(`${path}.${key}`, (a as Props)[key], (b as Props)[key], replacing);
      } else {
        const kind = a === undefined ? 'add' : b === undefined ? 'delete' : 'update';
        detailed[path] = { kind: `${kind}${tail}` as DiffKind };
      }
    };
    for (const key of new Set([...Object.keys(oldInputs), ...Object.keys(news)]))
      walk(key, oldInputs[key], news[key], REPLACING.has(key));
    const keys = Object.keys(detailed).map((path) => path.split(/[.[]/)[0] ?? '');
    return Promise.resolve({
      changes: keys.length > 0,
      replaces: [...new Set(keys.filter((key) => REPLACING.has(key)))],
      deleteBeforeReplace: keys.includes('room'),
      detailed,
    });
  };

  create: Provider['create'] = async ({ urn, inputs, preview }, signal) => {
    if (preview) return { id: '', outputs: inputs };
    await this.#act('create', urn, signal);
    const id = `${this.#name(urn)}-${this.#next++}`;
    const outputs = { ...inputs, address: `${id}.toy` };
    this.things.set(id, outputs);
    return { id, outputs };
  };

  update: Provider['update'] = async ({ urn, id, news, preview, olds }, signal) => {
    const outputs = { ...news, address: olds['address'] ?? `${id}.toy` };
    if (preview) return { outputs };
    await this.#act('update', urn, signal);
    this.things.set(id, outputs);
    return { outputs };
  };

  delete: Provider['delete'] = async ({ urn, id }, signal) => {
    await this.#act('delete', urn, signal);
    this.things.delete(id);
  };

  read: Provider['read'] = ({ id, inputs }) => {
    const thing = this.things.get(id);
    return Promise.resolve({ id: thing === undefined ? '' : id, inputs, outputs: thing ?? {} });
  };

  invoke: Provider['invoke'] = ({ token, args }) =>
    token === 'toy:index:double'
      ? Promise.resolve({ result: { twice: Number(args['n']) * 2 }, failures: [] })
      : Promise.reject(new Error('no such function'));
}

export interface Stage {
  readonly cloud: ToyCloud;
  readonly directory: string;
  readonly events: EngineEvent[];
  readonly engine: (program: Program, extra?: Partial<EngineOptions>) => Engine;
  /** Everything ever written, as text. */
  readonly written: () => string;
}

let clock = 1_700_000_000_000;
export const stage = (stack = 'dev'): Stage => {
  const cloud = new ToyCloud();
  const directory = mkdtempSync(join(tmpdir(), 'sluice-engine-'));
  const events: EngineEvent[] = [];
  return {
    cloud,
    directory,
    events,
    engine: (program, extra = {}) =>
      createEngine({
        project: 'toys',
        stack,
        program,
        config: {},
        provider: cloud,
        store: fileStore(join(directory, stack)),
        passphrase: 'correct horse',
        onEvent: (event) => events.push(event),
        now: () => (clock += 1),
        ...extra,
      }),
    written: () =>
      readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((file) => file.isFile())
        .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'))
        .join('\n'),
  };
};

/** `create a, same b`: what was done, without the stack itself. */
export const ops = (steps: readonly Step[], withSame = false): string[] =>
  steps
    .filter((s) => s.type !== 'pulumi:pulumi:Stack' && (withSame || s.op !== 'same'))
    .map((s) => `${s.op} ${s.urn.slice(s.urn.lastIndexOf('::') + 2)}`);

export const isUnknown = (value: unknown): boolean => value === UNKNOWN;
