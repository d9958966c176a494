import { describe, expect, it } from 'vitest';
import { expectAgreement, runAndKill, SHORT } from '../support/kills.ts';
import { World } from '../support/world.ts';

const FORWARD =
  'acquire baseline build facts freeze letGo look message metadata preflight probe record smoke update'.split(
    ' ',
  );

const build = async (behaviour: { errorRate?: number } = {}): Promise<World> => {
  const world = new World();
  Object.assign(world.app, SHORT);
  await world.withV1();
  world.cloud.behaviours.set('v2.0.0', behaviour);
  return world;
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
