import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { engine } from '../../../../release/core/engine/next.ts';
import { drift, settable, toShares, toWeights } from '../../../../release/core/engine/weights.ts';
import { gate } from '../../../../release/core/gate/gate.ts';
import { stagesArbitrary, live } from '../../../support/releases.ts';
import { groupArn, ruleArn, World } from '../../../support/world.ts';

const next = engine(gate);

describe('a release, whatever happens', () => {
  it('ends with load balancer, stack, journal and record agreeing, and never breaks a rule on the way', async () => {
    const behaviour = fc.record({
      healthy: fc.constantFrom(true, true, true, false),
      errorRate: fc.constantFrom(0, 0, 0.4),
      smoke: fc.constantFrom(true, true, false),
    });
    const fault = fc.constantFrom(undefined, undefined, 'half' as const, 'before' as const);
    await fc.assert(
      fc.asyncProperty(stagesArbitrary, behaviour, fault, fc.nat(12), async (stages, behaves, how, at) => {
        const world = new World();
        Object.assign(world.app, { stages: stages.slice(-3) });
        await world.withV1();
        world.cloud.behaviours.set('v2.0.0', behaves);
        const first = world.cloud.updates;
        world.cloud.updateFault = () => (world.cloud.updates === first + at + 1 ? how : undefined);
        const outcome = await world.deploy('v2.0.0');
        expect(['success', 'rolled_back', 'failed']).toContain(outcome.result);
        expect(world.cloud.broken).toEqual([]);
        expect(world.agrees()).toBe(true);
        expect(world.record(outcome.deployment)?.status).toBe(outcome.result);
        expect(world.serving()).toEqual({ [outcome.result === 'success' ? 'v2.0.0' : 'v1.0.0']: 100 });
      }),
      { numRuns: 12 },
    );
  });

  it('its state survives JSON at every step, and going on from the copy decides the same', async () => {
    const world = await new World().withV1();
    let steps = 0;
    const put = world.stores.lease.put.bind(world.stores.lease);
    world.stores.lease.put = async (key, body, ifMatch) => {
      if (key.startsWith('journals/')) {
        steps += 1;
        const state = JSON.parse(body) as Parameters<typeof next>[0];
        const event = { kind: 'operator', command: 'abort', by: 'x', why: '' } as const;
        const a = next(state, event, 1);
        const b = next(structuredClone(state), event, 1);
        expect(JSON.parse(JSON.stringify(a))).toEqual(JSON.parse(JSON.stringify(b)));
        expect(JSON.stringify(JSON.parse(body))).toBe(body);
      }
      return await put(key, body, ifMatch);
    };
    await world.deploy('v2.0.0');
    expect(steps).toBeGreaterThan(30);
  });

  it('an effect that is observed twice, or that nobody waits for, changes nothing', async () => {
    const world = await new World().withV1();
    const outcome = await world.deploy('v2.0.0', { until: { phase: 'preflight' } });
    const stale = {
      kind: 'failed',
      effect: '1-preflight',
      error: { message: 'late', kind: 'bug', details: [] },
      tookMs: 0,
    } as const;
    expect(next(outcome.state, stale, 1).state).toEqual(outcome.state);
  });
});

describe('weights', () => {
  const groups = { blue: groupArn('api', 'blue'), green: groupArn('api', 'green') };

  it('percent to weights and back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), (green) => {
        const shares = { ...(green < 100 ? { blue: 100 - green } : {}), ...(green > 0 ? { green } : {}) };
        expect(toShares(toWeights(shares, groups) ?? {}, groups)).toEqual(shares);
      }),
    );
  });

  it('scaled weights are the same share; a foreign target group is not', () => {
    expect(drift({ api: toShares({ [groups.blue]: 1 }, groups), auth: { blue: 100 } }, live())).toEqual([]);
    expect(drift({ api: toShares({ [groups.blue]: 1, x: 1 }, groups), auth: { blue: 100 } }, live())).toEqual(
      ['api: live blue 50 % / other 50 %, should be blue 100 %'],
    );
  });

  it('a rule that should not be there is a difference', () => {
    const shares = { api: { blue: 100 }, auth: { blue: 100 }, old: { blue: 100 } };
    expect(drift(shares, live())).toEqual(['old: live blue 100 %, should be no traffic']);
  });

  it('direct calls leave out what has no rule or no group', () => {
    const routing = {
      listenerArn: 'l',
      previewHeader: 'h',
      services: { api: { rule: ruleArn('api'), targetGroups: groups }, auth: { targetGroups: {} } },
    };
    const shares = { api: { blue: 100 }, auth: { blue: 100 }, gone: { blue: 100 } };
    expect(settable(shares, routing)).toEqual([
      { service: 'api', rule: ruleArn('api'), weights: { [groups.blue]: 100 } },
    ]);
  });
});
