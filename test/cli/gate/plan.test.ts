import { describe, expect, it } from 'vitest';
import { planGate, stagesBeforeAll, type PlanRequest } from '../../../cli/gate/plan.ts';
import { seeded } from '../../../lib/random.ts';
import { gate } from '../../../release/core/gate/gate.ts';
import { at, baseline, SETTINGS, traffic } from '../../release/core/gate/support.ts';

const request = (change: Partial<PlanRequest> = {}): PlanRequest => ({
  rps: 20,
  errors: 0.001,
  stages: [
    { share: 5, bake: 900_000 },
    { share: 50, bake: 900_000 },
  ],
  settings: SETTINGS,
  tests: 1,
  runs: 100,
  ...change,
});

describe('the plan of a canary', () => {
  it('says the same for the same seed, in a table and in numbers', () => {
    const plan = planGate(request(), seeded(1));
    expect(plan).toEqual(planGate(request(), seeded(1)));
    expect(plan.rows.map((row) => row.rate)).toEqual([0.002, 0.005, 0.02, 1]);
    expect(plan.text).toContain(
      '20 requests/s, 0.1 % errors; 5 % for 15 min, 50 % for 15 min; windows of 10 s',
    );
    expect(plan.text).toMatch(/^all fail +4\d s +\d\d s +100 % +100 %$/m);
    expect(plan.text).toMatch(/^0\.2 % \(2 times\) +over 2 h +over 2 h +\S/m);
  });

  it('takes longer the less traffic there is and the more metrics share the bound', () => {
    const half = (change: Partial<PlanRequest>): number =>
      planGate(request({ regressions: [0.02], ...change }), seeded(2)).rows[0]?.half ?? Infinity;
    expect(half({ rps: 100 })).toBeLessThan(half({ rps: 20 }));
    expect(half({ tests: 100 })).toBeGreaterThan(half({ tests: 1 }));
    expect(half({ delay: 120_000 })).toBeGreaterThan(half({}) + 100_000);
  });

  it('says beforehand that a stage will stay inconclusive', () => {
    const note = (rps: number): string => planGate(request({ rps, runs: 1 }), seeded(1)).notes.at(-1) ?? '';
    expect(note(100)).toBe(
      'At 50 % the new version must have served 4,000 requests: that fits into the stage (15 min).',
    );
    expect(note(5)).toBe(
      'At 50 % the new version must have served 4,000 requests: that takes 26 min, so the stage lasts longer than its 15 min.',
    );
    expect(note(1)).toBe(
      'At 50 % the new version must have served 4,000 requests: that takes 3 h, more than 3 times the stage (15 min), so it will mostly end inconclusive and then "continue" is done.',
    );
  });

  it('knows when missing traffic and failing probes are noticed', () => {
    const { notes } = planGate(request({ runs: 1, probes: { interval: 10_000, failures: 3 } }), seeded(1));
    expect(notes[1]).toBe('No traffic at all for the new version is noticed after 19 s.');
    expect(notes[2]).toBe('A version that answers no probe is sent back after 30 s, at any traffic.');
  });

  it('keeps its promise in the gate itself: 9 of 10 regressions end in the promised time', () => {
    const stages = [
      { share: 20, bake: 12_000 },
      { share: 50, bake: 12_000 },
    ];
    const settings = { ...SETTINGS, window: 1000, burst: 1000 };
    const [row] = planGate(
      request({ rps: 40, stages, settings, regressions: [0.3], runs: 400 }),
      seeded(4),
    ).rows;
    const promised = row?.promised ?? 0;
    expect(promised).toBeGreaterThan(1000);
    const random = seeded(5);
    let kept = 0;
    for (let run = 0; run < 100; run += 1) {
      const start = Math.floor(random() * 1000);
      let state = gate.open(settings, ['auth'], { auth: baseline(40, 0.001) });
      for (let k = 0; k < 25; k += 1) {
        const second = k * 1000 >= start + 12_000;
        const stage = {
          index: second ? 1 : 0,
          share: second ? 50 : 20,
          startedAt: second ? start + 12_000 : start,
        };
        state = gate.enter(state, at(k * 1000, stage));
        state = gate.observe(state, [
          traffic(random, k, { rps: 40, share: stage.share, fresh: 0.3, stable: 0.001, width: 1000 }),
        ]);
        if (gate.judge(state, at((k + 1) * 1000, stage)).verdict !== 'fail') continue;
        if ((k + 1) * 1000 - start <= promised + 1) kept += 1;
        break;
      }
    }
    expect(kept).toBeGreaterThanOrEqual(82);
  });

  it('answers in less than two seconds', () => {
    const before = performance.now();
    planGate(request({ rps: 10_000, runs: 300 }), seeded(1));
    planGate(request({ rps: 1, runs: 300 }), seeded(1));
    expect(performance.now() - before).toBeLessThan(4000);
  });

  it("takes the application's own stages", () => {
    const stages = [
      { name: 'canary', traffic: 5, bake: 60_000 },
      { name: 'full', traffic: 100, bake: 60_000 },
    ];
    expect(stagesBeforeAll({ stages })).toEqual([{ share: 5, bake: 60_000 }]);
  });
});
