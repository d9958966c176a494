import { describe, expect, test } from 'vitest';
import { UNKNOWN, type DiffRequest, type Props } from '../../../sandbox/provider/contract.ts';
import { checkInputs } from '../../../sandbox/provider/check.ts';
import { diffInputs, leafChanges } from '../../../sandbox/provider/diff.ts';
import { NO_ACTIONS, type Handler } from '../../../sandbox/provider/handler.ts';

const handler: Handler = {
  autoName: { property: 'name', max: 12 },
  required: ['port'],
  defaults: { protocol: 'HTTP' },
  replaces: ['name', 'port'],
  actions: NO_ACTIONS,
  create: (inputs) => ({ id: 'x', outputs: inputs }),
};
const URN = 'urn:pulumi:production::sluice::aws:lb/targetGroup:TargetGroup::auth';

const diff = (oldInputs: Props, news: Props, ignoreChanges: string[] = []) =>
  diffInputs(handler, {
    urn: URN,
    type: 't',
    id: 'x',
    olds: oldInputs,
    oldInputs,
    news,
    ignoreChanges,
  } satisfies DiffRequest);
const check = (news: Props, olds: Props = {}, randomSeed = 'seed') =>
  checkInputs(handler, { urn: URN, type: 't', olds, news, randomSeed });

describe('diff', () => {
  test('names every leaf that differs, and nothing else', () => {
    const before = { tags: { a: '1', b: '2', 'x.y': 'old' }, triggers: ['one', 'two'], same: { deep: [1] } };
    const after = {
      tags: { a: '1', c: '3', 'x.y': 'new' },
      triggers: ['one', '2', 'three'],
      same: { deep: [1] },
    };
    expect(leafChanges(before, after).map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      'delete tags.b',
      'update tags["x.y"]',
      'add tags.c',
      'update triggers[1]',
      'add triggers[2]',
    ]);
  });

  test('a property that cannot change in place replaces, the others do not', () => {
    const result = diff({ port: 80, tags: { a: '1' } }, { port: 81, tags: { a: '2' } });
    expect(result.changes).toBe(true);
    expect(result.replaces).toEqual(['port']);
    expect(result.detailed).toEqual({ port: { kind: 'update-replace' }, 'tags.a': { kind: 'update' } });
  });

  test('a value that is not known yet counts as changed', () => {
    expect(diff({ port: 80 }, { port: UNKNOWN }).replaces).toEqual(['port']);
  });

  test('ignored paths do not count, also below', () => {
    expect(diff({ port: 80, tags: { a: '1' } }, { port: 80, tags: { a: '2' } }, ['tags']).changes).toBe(
      false,
    );
    expect(diff({ l: [1, 2] }, { l: [1, 3] }, ['l[1]']).changes).toBe(false);
    expect(diff({ tagsAll: 1 }, { tagsAll: 2 }, ['tags']).changes).toBe(true);
  });

  test('with a fixed name the old one goes first, with an automatic one last', () => {
    const automatic = check({ port: 80 }).inputs;
    expect(diff(automatic, { ...automatic, port: 81 }).deleteBeforeReplace).toBe(false);
    expect(diff({ name: 'auth', port: 80 }, { name: 'auth', port: 81 }).deleteBeforeReplace).toBe(true);
    expect(diff({ name: 'auth', port: 80 }, { name: 'auth2', port: 81 }).deleteBeforeReplace).toBe(false);
  });
});

describe('check', () => {
  test('an automatic name is kept from the last inputs, and new for a replacement', () => {
    const first = check({ port: 80 }).inputs;
    expect(first['name']).toMatch(/^auth-[0-9a-f]{7}$/);
    expect(check({ port: 81 }, first, 'other seed').inputs['name']).toBe(first['name']);
    expect(check({ port: 81 }, {}, 'other seed').inputs['name']).not.toBe(first['name']);
  });

  test('a name that was given once does not stay as if it were automatic', () => {
    expect(check({ port: 80 }, { name: 'by-hand', port: 80 }).inputs['name']).toMatch(/^auth-[0-9a-f]{7}$/);
  });

  test('defaults are filled in; what is missing or too long is named with what is allowed', () => {
    expect(check({ port: 80, name: 'a' })).toEqual({
      inputs: { port: 80, name: 'a', protocol: 'HTTP' },
      failures: [],
    });
    const { failures } = check({ name: 'longer-than-twelve' });
    expect(failures).toEqual([
      { property: 'port', reason: "missing required property 'port'" },
      { property: 'name', reason: "'longer-than-twelve' has 18 characters: allowed are at most 12" },
    ]);
  });
});
