import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Release } from '../../../config/release.types.ts';
import type { Database } from '../../../config/types.ts';
import { applyStep, plan, planRollback, planSteps, type Step } from '../../../release/core/plan.ts';
import { liveSlot, sharesOf } from '../../../release/core/release.ts';
import { D1, D2, D3, live, slot, stagesArbitrary } from '../../support/releases.ts';

const database = (when: Database['migrations']['when'], backup = true): Database => ({
  engine: 'postgres',
  url: 'DATABASE_URL',
  runs: 'runner',
  migrations: { command: 'true', directory: undefined, when, after: undefined, maintenance: false },
  backup: { enabled: backup, prefix: 'prod', verify: 'scratch', scratchUrl: undefined },
});
const documented = [
  { name: 'canary', traffic: 5, bake: 300_000 },
  { name: 'progressive', traffic: 50, bake: 600_000 },
  { name: 'full', traffic: 100, bake: 900_000 },
];
const names = (steps: readonly Step[]) => steps.map((s) => s.name);

describe('the plan of a release', () => {
  it('is backup, migrate, up at 0, 5, 50 and 100 for the documented production', () => {
    const target = slot('v2.0.0', D2);
    const steps = plan(target, live(), {
      stages: documented,
      database: database('besideBuild'),
      build: true,
    });
    expect(
      steps.map(({ step, release }) => [
        step.name,
        release.serial,
        release.traffic.blue,
        release.traffic.green,
      ]),
    ).toEqual([
      ['backup', 8, 100, 0],
      ['migrate', 9, 100, 0],
      ['up', 10, 100, 0],
      ['canary', 11, 95, 5],
      ['progressive', 12, 50, 50],
      ['full', 13, 0, 100],
    ]);
    const last = steps.at(-1)?.release;
    expect(last?.backup).toBe(D2);
    expect(last?.schema).toEqual({ deployment: D2, version: 'v2.0.0' });
    expect(last?.slots.blue).toEqual(slot('v1.0.0', D1));
    expect(last?.slots.green).toEqual(target);
  });

  it('puts the migration where configuration says', () => {
    const order = (when: Database['migrations']['when']) =>
      names(
        planSteps({ current: live(), stages: documented.slice(2), database: database(when), build: true }),
      );
    expect(order('besideBuild')).toEqual(['backup', 'migrate', 'up', 'full']);
    expect(order('beforeBuild')).toEqual(['backup', 'migrate', 'build', 'up', 'full']);
    expect(order('beforeTraffic')).toEqual(['backup', 'build', 'up', 'migrate', 'full']);
    expect(order('afterStart')).toEqual(['backup', 'build', 'up', 'migrate', 'full']);
  });

  it('of a first release goes straight to 100 after its probes', () => {
    expect(
      names(planSteps({ current: undefined, stages: documented, database: undefined, build: false })),
    ).toEqual(['up', 'full']);
  });

  it('keeps every configuration whole: serials by one, traffic 100, the live slot untouched until the end', () => {
    fc.assert(
      fc.property(stagesArbitrary, fc.boolean(), (stages, build) => {
        const current = live();
        const steps = plan(slot('v2.0.0', D2, ['api', 'auth'], 2), current, {
          stages,
          database: database('besideBuild'),
          build,
        });
        let before: Release = current;
        for (const { step, release } of steps) {
          expect(release.replaces).toBe(before.serial);
          expect(release.serial).toBe(before.serial + 1);
          expect(release.traffic.blue + release.traffic.green).toBe(100);
          expect(release.slots.blue).toEqual(current.slots.blue);
          if (step.kind !== 'shift') expect(release.traffic).toEqual({ blue: 100, green: 0 });
          before = release;
        }
        expect(liveSlot(before)).toBe('green');
      }),
      { numRuns: 60 },
    );
  });

  it('goes back from any stage to exactly the traffic before it', () => {
    fc.assert(
      fc.property(stagesArbitrary, fc.nat(5), (stages, at) => {
        const steps = plan(slot('v2.0.0', D2), live(), { stages, database: undefined, build: false });
        const { release } = steps[Math.min(at, steps.length - 1)] ?? { release: live() };
        const back = applyStep({ kind: 'back', name: 'back' }, release, {
          deployment: D2,
          target: undefined,
          version: 'v2.0.0',
        });
        expect(back.traffic).toEqual({ blue: 100, green: 0 });
        expect(liveSlot(back)).toBe('blue');
        const down = applyStep({ kind: 'down', name: 'down' }, back, {
          deployment: D2,
          target: undefined,
          version: 'v2.0.0',
        });
        expect(Object.keys(down.slots)).toEqual(['blue']);
      }),
      { numRuns: 60 },
    );
  });

  it('goes back to the live slot when the new one never came up, whatever is kept warm beside it', () => {
    const warm = live({
      slots: { blue: slot('v1.0.0', D1), green: slot('v2.0.0', D2) },
      traffic: { blue: 0, green: 100 },
    });
    const back = applyStep({ kind: 'back', name: 'back' }, warm, {
      deployment: '1700000003-cccccccccccc',
      target: undefined,
      version: 'v3.0.0',
    });
    expect(back.traffic).toEqual({ blue: 0, green: 100 });
  });

  it('rolls back by traffic alone while the earlier slot is warm, and brings it up again when it is gone', () => {
    const warm = live({
      slots: { blue: slot('v1.0.0', D1), green: slot('v2.0.0', D2) },
      traffic: { blue: 0, green: 100 },
    });
    expect(names(planRollback(slot('v1.0.0', D1), warm))).toEqual(['rollback']);
    expect(names(planRollback(slot('v0.9.0', D3), warm))).toEqual(['up', 'rollback']);
  });
});

describe('what the rules must say', () => {
  it('leaves a slot without traffic out, and serves a service of one slot whole from that slot', () => {
    const release = live({
      slots: { blue: slot('v1.0.0', D1, ['api', 'old']), green: slot('v2.0.0', D2, ['api', 'new']) },
      traffic: { blue: 95, green: 5 },
    });
    expect(sharesOf(release)).toEqual({
      api: { blue: 95, green: 5 },
      old: { blue: 100 },
      new: { green: 100 },
    });
    expect(sharesOf({ ...release, traffic: { blue: 100, green: 0 } })).toEqual({
      api: { blue: 100 },
      old: { blue: 100 },
    });
  });
});
