import { afterAll, beforeAll, expect, test } from 'vitest';
import type { UpdateEvent } from '../../release/ports/stack.ts';
import {
  PartialFailure,
  UNKNOWN,
  type CreateRequest,
  type Provider,
} from '../../sandbox/provider/contract.ts';
import { D1 } from '../support/releases.ts';
import { driven, releaseOf } from './driven.ts';
import { azoraConfig, firstRelease, openGround, PLANTED, type Ground } from './ground.ts';
import { azora } from './program.ts';
import { openReal } from './updaters.ts';

const creates: CreateRequest[] = [];
const acted: string[] = [];
/** Name of the resource whose next create is left half done. */
let halfMade = '';

/** Remembers what the engine asks for. */
const watched = (provider: Provider): Provider => ({
  ...provider,
  create: async (request, signal) => {
    creates.push(request);
    if (!request.preview) acted.push(`create ${request.urn}`);
    const made = await provider.create(request, signal);
    if (request.preview || !request.urn.endsWith(`::${halfMade}`) || halfMade === '') return made;
    halfMade = '';
    throw new PartialFailure('never became steady', made.id, made.outputs);
  },
  update: (request, signal) => {
    if (!request.preview) acted.push(`update ${request.urn}`);
    return provider.update(request, signal);
  },
  delete: (request, signal) => {
    acted.push(`delete ${request.urn}`);
    return provider.delete(request, signal);
  },
});

let ground: Ground;
beforeAll(async () => {
  ground = await openGround(watched);
});
afterAll(() => ground.close());

const holds = (value: unknown, wanted: string): boolean =>
  typeof value === 'object' && value !== null
    ? Object.values(value).some((v) => holds(v, wanted))
    : value === wanted;

test('a preview of a whole first deployment knows every resource, passes unknowns on, and acts nowhere', async () => {
  const config = azoraConfig('production');
  const it = await openReal({
    ground,
    stack: 'production',
    program: azora,
    config,
  });
  const changes = await it.updater.preview(firstRelease(ground, config, D1));
  expect(changes.length).toBeGreaterThan(100);
  // What is read is the stack's own last release.
  expect(new Set(changes.map((c) => c.op))).toEqual(new Set(['read', 'create']));
  expect(changes.filter((c) => c.type === 'aws:ecs/service:Service')).toHaveLength(4);
  expect(acted).toEqual([]);
  expect(await ground.sandbox.status()).toMatchObject({ loadBalancers: [], targetGroups: [], services: [] });
  const rule = creates.find((r) => r.urn.endsWith('::routing-auth-service'));
  expect(rule?.preview).toBe(true);
  expect(holds(rule?.inputs, UNKNOWN)).toBe(true);
  expect(JSON.stringify([changes, creates])).not.toContain(PLANTED);
  await it.close();
});

test('a resource that was made in part is kept with its id, and updated the next time', async () => {
  const it = await openReal({ ground, stack: 'part', program: driven() });
  halfMade = 'rule';
  acted.length = 0;
  await expect(it.updater.up(releaseOf(0), { onEvent: () => undefined })).rejects.toMatchObject({
    name: 'UpdateFailed',
    failed: [{ reason: expect.stringContaining('never became steady') }],
  });
  const stored = (await it.state()).find((r) => String(r['urn']).endsWith('::rule'));
  expect(stored).toMatchObject({
    id: expect.stringMatching(/^vpc-/),
    initErrors: [expect.stringContaining('never became steady')],
  });
  const events: UpdateEvent[] = [];
  await it.updater.up(releaseOf(0), { onEvent: (e) => events.push(e) });
  expect(events.filter((e) => e.kind === 'resource').map((e) => e.text)).toEqual(['update rule']);
  expect(acted.map((a) => a.replace(/urn.*::/, ''))).toEqual(['create rule', 'update rule']);
  const mended = (await it.state()).find((r) => String(r['urn']).endsWith('::rule'));
  expect(mended?.['id']).toBe(stored?.['id']);
  expect(mended?.['initErrors'] ?? []).toEqual([]);
  await it.close();
});
