import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Prober, ProbeTarget } from '../../../release/ports/prober.ts';

export interface ProberWorld {
  readonly prober: Prober;
  /** A service that is healthy and answers `version`, with as many healthy targets in its group. */
  readonly healthy: ProbeTarget & { readonly version: string };
  readonly targets: number;
  close(): Promise<void>;
}

export const proberContract = (name: string, open: () => Promise<ProberWorld>): void => {
  describe(`the prober on ${name}`, () => {
    let world: ProberWorld;
    beforeAll(async () => {
      world = await open();
    });
    afterAll(() => world.close());

    it('finds a healthy service healthy, with its version and what the load balancer sees', async () => {
      const [result] = await world.prober.probe([world.healthy]);
      expect(result).toMatchObject({
        service: world.healthy.service,
        healthy: true,
        status: 200,
        version: world.healthy.version.replace(/^v/, ''),
        healthyTargets: world.targets,
        reason: undefined,
      });
      expect(result?.latencyMs).toBeGreaterThan(0);
    });

    it('takes another version for unhealthy and names both', async () => {
      const [result] = await world.prober.probe([{ ...world.healthy, version: 'v9.9.9' }]);
      expect(result?.healthy).toBe(false);
      expect(result?.reason).toContain('9.9.9');
      expect(result?.reason).toContain(world.healthy.version.replace(/^v/, ''));
    });

    it('answers in the order of the question, and does not throw where nobody listens', async () => {
      const deaf = { ...world.healthy, service: 'deaf', url: 'http://127.0.0.1:9/health', timeoutMs: 500 };
      const results = await world.prober.probe([deaf, world.healthy]);
      expect(results.map((r) => [r.service, r.healthy])).toEqual([
        ['deaf', false],
        [world.healthy.service, true],
      ]);
      expect(results[0]).toMatchObject({ status: undefined, reason: expect.stringContaining('no answer') });
    });

    it('stops when it is told to', async () => {
      await expect(
        world.prober.probe([world.healthy], AbortSignal.abort(new Error('enough'))),
      ).rejects.toThrow('enough');
    });

    it('counts targets per group', async () => {
      const { targetGroup } = world.healthy;
      expect(await world.prober.targets([targetGroup])).toEqual({
        [targetGroup]: { healthy: world.targets, total: world.targets },
      });
    });
  });
};
