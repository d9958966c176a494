import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine, fileStore } from '../../sandbox/engine/index.ts';
import type { ResourceState } from '../../sandbox/engine/index.ts';
import type { Props } from '../../sandbox/provider/contract.ts';
import { MemoryCloud, nameOf } from '../infra/cloud.ts';

export interface Declared {
  readonly type: string;
  readonly name: string;
  readonly parent: string;
  readonly protect: boolean;
  readonly retain: boolean;
  readonly inputs: Props;
  /** Names of the resources it waits for. */
  readonly after: readonly string[];
}

const SCOPE_TAGS = { application: 'azora', environment: 'test', 'managed-by': 'sluice' };
export const scope = { application: 'azora', environment: 'test' };
export const tags = (more: Record<string, string> = {}) => ({ ...SCOPE_TAGS, ...more });

const toDeclared = (r: ResourceState): Declared => ({
  type: r.type,
  name: nameOf(r.urn),
  parent: r.parent.endsWith('::pulumi:pulumi:Stack::sluice-test') ? '' : nameOf(r.parent),
  protect: r.protect,
  retain: r.retainOnDelete,
  inputs: r.inputs,
  after: r.dependencies.map(nameOf).sort(),
});

/** Everything that a piece of program declares, as the engine has it in state afterwards. */
export const declared = async (make: () => unknown, cloud = new MemoryCloud()): Promise<Declared[]> => {
  const engine = createEngine({
    project: 'sluice',
    stack: 'test',
    program: async () => {
      await make();
      return {};
    },
    config: { 'aws:region': 'eu-west-1' },
    provider: cloud,
    store: fileStore(mkdtempSync(join(tmpdir(), 'sluice-component-'))),
    passphrase: 'test',
    now: () => 1_700_000_000_000,
  });
  await engine.up();
  const { resources } = await engine.exportState();
  return resources
    .filter((r) => !r.type.startsWith('pulumi:'))
    .map(toDeclared)
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.type < b.type ? -1 : 1));
};

/** `name (type) < parent`, with `!` where it is protected and `+` where it is kept: the whole list at a glance. */
export const outline = (list: readonly Declared[]): string[] =>
  list.map(
    (d) =>
      `${d.name} (${d.type.replace(/^(\w+):.*:/, '$1:')}) < ${d.parent}${d.protect ? ' !' : ''}${d.retain ? ' +' : ''}`,
  );

export const find = (list: readonly Declared[], name: string): Declared => {
  const found = list.find((d) => d.name === name && !d.type.startsWith('sluice:'));
  if (found === undefined) throw new Error(`no ${name} among ${list.map((d) => d.name).join(', ')}`);
  return found;
};

/** The id that the memory cloud gives to a resource starts with its name: enough to see who is meant. */
export const refersTo = (value: unknown, name: string): boolean => {
  const text = JSON.stringify(value);
  return new RegExp(`[":]${name}-\\d+["/]`).test(text);
};
