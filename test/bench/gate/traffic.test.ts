import { describe, expect, it } from 'vitest';
import { Random } from '../../../bench/gate/random.ts';
import { emptyTraffic, Source, type Traffic } from '../../../bench/gate/traffic.ts';
import { bursts, calm, lateFailures, longBursts, type Workload } from '../../../bench/gate/workloads.ts';

const find = (list: readonly Workload[], kind: string, rate: number, errors: number): Workload => {
  const found = list.find((one) => one.kind === kind && one.rate === rate && one.errors === errors);
  if (found === undefined) throw new Error(`no workload ${kind} at ${rate}/s`);
  return found;
};

const draw = (workload: Workload, runs: number, look: (traffic: Traffic) => void): void => {
  const source = new Source(workload, new Random(5));
  const traffic = emptyTraffic(workload);
  for (let i = 0; i < runs; i += 1) {
    source.draw(traffic);
    look(traffic);
  }
};

const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);

describe('the simulated traffic', () => {
  it('has the requests, share and errors that the workload says', () => {
    const workload = find(calm(0.05), 'identical release', 1_000, 0.01);
    draw(workload, 1, ({ steps }) => {
      const requests = sum(steps.fresh) + sum(steps.stable);
      expect(requests / 3_600_000).toBeCloseTo(1, 2);
      expect(sum(steps.fresh) / requests).toBeCloseTo(0.05, 3);
      expect(sum(steps.baseline) / requests).toBeCloseTo(0.05, 3);
      expect(sum(steps.freshBad) / sum(steps.fresh)).toBeCloseTo(0.01, 3);
      expect(sum(steps.stableBad) / sum(steps.stable)).toBeCloseTo(0.01, 3);
    });
  });

  it('has half the configured share where the share is off', () => {
    draw(find(calm(0.05), 'share off by half', 1_000, 0), 1, ({ steps }) => {
      expect(sum(steps.fresh) / (sum(steps.fresh) + sum(steps.stable))).toBeCloseTo(0.025, 3);
    });
  });

  it('never has more bad requests than requests, nor a baseline larger than the stable version', () => {
    for (const workload of [...bursts(0.05), ...bursts(0.5)].filter(({ rate }) => rate <= 100)) {
      draw(workload, 3, ({ steps }) => {
        const wrong = [...steps.fresh].filter(
          (n, i) =>
            (steps.freshBad[i] ?? 0) > n ||
            (steps.stableBad[i] ?? 0) > (steps.stable[i] ?? 0) ||
            (steps.baselineBad[i] ?? 0) > (steps.stableBad[i] ?? 0),
        );
        expect(wrong).toEqual([]);
      });
    }
  });

  it('gives the minutes the sums of their steps', () => {
    draw(find(bursts(0.05), 'retries', 20, 0.01), 2, ({ steps, minutes }) => {
      expect(sum(minutes.fresh)).toBe(sum(steps.fresh));
      expect(minutes.stableBad[7]).toBe(sum(steps.stableBad.slice(42, 48)));
    });
  });

  it('lets bursts hit the new version in proportion to its share', () => {
    let [fresh, both] = [0, 0];
    draw(find(bursts(0.5), 'failing instance', 100, 0), 400, ({ steps }) => {
      fresh += sum(steps.freshBad);
      both += sum(steps.freshBad) + sum(steps.stableBad);
    });
    expect(fresh / both).toBeGreaterThan(0.45);
    expect(fresh / both).toBeLessThan(0.55);
  });

  it('keeps bursts within two steps up to ten seconds, and over seven of a minute', () => {
    const spans = (workload: Workload): number => {
      if (workload.bursts === undefined) throw new Error('no bursts');
      let longest = 0;
      // So seldom that two in a row are not to be expected.
      draw({ ...workload, share: 0.5, bursts: { ...workload.bursts, perMinute: 0.01 } }, 200, ({ steps }) => {
        let run = 0;
        for (const bad of steps.freshBad) {
          run = bad > 0 ? run + 1 : 0;
          longest = Math.max(longest, run);
        }
      });
      return longest;
    };
    expect(spans(find(bursts(0.05), 'failing instance', 100, 0))).toBe(2);
    expect(spans(find(longBursts(0.05), 'failing instance, 60 s', 100, 0))).toBeGreaterThanOrEqual(7);
  });

  it('knows bursts before the release only where they were seen then', () => {
    let [known, unknown] = [0, 0];
    draw(find(bursts(0.05), 'heavy tail, known before', 100, 0), 20, ({ before }) => {
      known = Math.max(known, before.steps.largest);
    });
    draw(find(bursts(0.05), 'heavy tail', 100, 0), 20, ({ before }) => {
      unknown = Math.max(unknown, before.steps.largest);
    });
    expect(known).toBeGreaterThan(20);
    expect(unknown).toBe(0);
  });

  it('fails for both versions for five minutes when a dependency does', () => {
    draw(find(calm(0.05), 'dependency fails for both', 1_000, 0.001), 3, ({ steps }) => {
      const failing = [...steps.stableBad].filter((bad, i) => bad > 0.1 * (steps.stable[i] ?? 0)).length;
      const fresh = [...steps.freshBad].filter((bad, i) => bad > 0.1 * (steps.fresh[i] ?? 0)).length;
      expect([failing, fresh]).toEqual([30, 30]);
    });
  });

  it('loses windows of both versions together', () => {
    draw(find(calm(0.05), 'late and missing windows', 1_000, 0), 1, ({ steps }) => {
      const lost = [...steps.fresh].flatMap((n, i) => (n === 0 ? [steps.stable[i]] : []));
      expect(lost.length).toBeGreaterThan(3);
      expect(new Set(lost)).toEqual(new Set([0]));
    });
  });

  it('fails only from the half hour on where failure is late', () => {
    draw(find(lateFailures(0.05), 'total failure after 30 min', 100, 0), 1, ({ steps }) => {
      expect(sum(steps.freshBad.slice(0, 180))).toBe(0);
      expect(sum(steps.freshBad.slice(180))).toBe(sum(steps.fresh.slice(180)));
    });
  });
});
