import { describe, expect, it } from 'vitest';
import { killAt, Killed, World } from '../support/world.ts';
import type { Outcome } from '../../release/runner/types.ts';

const short = {
  stages: [
    { name: 'canary', traffic: 50, bake: 20_000 },
    { name: 'full', traffic: 100, bake: 0 },
  ],
};

const FORWARD =
  'acquire baseline build facts freeze letGo look message metadata preflight probe record smoke update'.split(
    ' ',
  );

const build = async (behaviour: { errorRate?: number } = {}): Promise<World> => {
  const world = new World();
  Object.assign(world.app, short);
  await world.withV1();
  world.cloud.behaviours.set('v2.0.0', behaviour);
  return world;
};

/** Runs until the n-th effect kills the runner; the outcome when the release has fewer effects. */
const runAndKill = async (
  world: World,
  n: number,
  when: 'before' | 'after',
): Promise<{ deployment: string; kind: string | undefined; outcome: Outcome | undefined }> => {
  const hooks = killAt(n, when);
  const request = world.request('v2.0.0');
  try {
    const outcome = await world.deploy('v2.0.0', { hooks }, request);
    return { deployment: request.deployment, kind: undefined, outcome };
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    return { deployment: request.deployment, kind: hooks.killed, outcome: undefined };
  }
};

const expectAgreement = (
  world: World,
  deployment: string,
  label: string,
  version: string,
  status: string,
): void => {
  expect(world.serving(), label).toEqual({ [version]: 100 });
  expect(world.agrees(), label).toBe(true);
  expect(world.cloud.broken, label).toEqual([]);
  expect(world.record(deployment)?.status, label).toBe(status);
  const journal: unknown = JSON.parse(
    world.stores.lease.objects.get(`journals/production/${deployment}.json`)?.body ?? 'null',
  );
  expect(journal, label).toMatchObject({ phase: { name: 'done', result: { status } } });
  expect(
    [...world.stores.lease.objects.keys()].filter((k) => k.startsWith('open/')),
    label,
  ).toEqual([]);
  expect(world.record(deployment)?.live?.version, label).toBe(version);
};

describe.each(['before', 'after'] as const)('a runner killed %s every effect of a whole release', (when) => {
  it('is resumed to the end that an undisturbed one has', async () => {
    const seen = new Set<string>();
    const whole = await build();
    await whole.deploy('v2.0.0');
    const undisturbed = whole.cloud.updates;
    for (let n = 0; ; n += 1) {
      const world = await build();
      const { deployment, kind, outcome } = await runAndKill(world, n, when);
      if (outcome !== undefined) break;
      seen.add(kind ?? '');
      const resumed = await world.resume(deployment);
      const label = `killed ${when} effect ${n} (${kind ?? ''})`;
      expect(resumed.result, label).toBe('success');
      expectAgreement(world, deployment, label, 'v2.0.0', 'success');
      // What was done before the kill is not done again: only an update that was cut off is.
      if (when === 'after' && kind !== 'build') expect(world.cloud.updates, label).toBe(undisturbed);
    }
    expect([...seen].sort()).toEqual([...FORWARD].sort());
  });

  it('is reverted to what was live', async () => {
    for (let n = 0; ; n += 1) {
      const world = await build();
      const { deployment, kind, outcome } = await runAndKill(world, n, when);
      if (outcome !== undefined) break;
      const label = `killed ${when} effect ${n} (${kind ?? ''})`;
      const reverted = await world.resume(deployment, 'revert');
      // What was decided already, and what never began, cannot be reverted.
      if (reverted.result === 'success' || reverted.result === 'refused') {
        expect(['record', 'message', 'letGo', 'preflight', 'acquire'], label).toContain(kind);
        continue;
      }
      expectAgreement(world, deployment, label, 'v1.0.0', reverted.result);
    }
  });

  it('finishes its rollback when it is resumed', async () => {
    const seen = new Set<string>();
    for (let n = 0; ; n += 1) {
      const world = await build({ errorRate: 0.9 });
      const { deployment, kind, outcome } = await runAndKill(world, n, when);
      if (outcome !== undefined) break;
      seen.add(kind ?? '');
      const resumed = await world.resume(deployment);
      const label = `killed ${when} effect ${n} (${kind ?? ''})`;
      expect(resumed.result, label).toBe('rolled_back');
      expectAgreement(world, deployment, label, 'v1.0.0', 'rolled_back');
    }
    expect(seen).toContain('weights');
  });
});
