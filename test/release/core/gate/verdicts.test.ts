import { describe, expect, it } from 'vitest';
import type { GateSettings } from '../../../../config/types.ts';
import { gate } from '../../../../release/core/gate/gate.ts';
import { requestsWanted } from '../../../../release/core/gate/promotion.ts';
import type { GateContext, GateState, Verdict } from '../../../../release/core/gate/types.ts';
import type { ProbeResult } from '../../../../release/ports/prober.ts';
import { at, baseline, restarted, SETTINGS, windowOf } from './support.ts';

type Stage = Partial<GateContext['stage']>;
type Side = readonly [requests: number, errors: number, slow?: number];

const open = (change: Partial<GateSettings> = {}, stage: Stage = {}): GateState =>
  gate.enter(
    gate.open(
      { ...SETTINGS, ...change },
      ['auth'],
      { auth: baseline(100, 0.001) },
      { fresh: 'v2', stable: 'v1' },
    ),
    at(stage.startedAt ?? 0, stage),
  );

const fill = (state: GateState, from: number, to: number, fresh: Side, stable: Side): GateState =>
  gate.observe(
    state,
    Array.from({ length: to - from }, (_, k) => windowOf(from + k, fresh, stable)),
  );

const short = ({ verdict, by, why, inconclusive }: Verdict): readonly unknown[] => [
  verdict,
  by,
  inconclusive,
  why,
];

const probe = (now: number, change: Partial<ProbeResult> = {}): ProbeResult => ({
  service: 'auth',
  at: now,
  healthy: false,
  status: 503,
  version: undefined,
  latencyMs: 3,
  healthyTargets: 2,
  reason: undefined,
  ...change,
});

describe('a verdict says in a sentence', () => {
  it('that the new version fails, by how much, and how little chance explains', () => {
    const state = fill(open(), 0, 6, [50, 16], [950, 1]);
    const verdict = gate.judge(state, at(60_000));
    expect(short(verdict)).toEqual([
      'fail',
      'errors',
      false,
      'auth: v2 fails 32 % of requests, v1 0.11 %: 300 times as many, and chance explains that less than once in 800 (threshold: once in 100 releases)',
    ]);
    expect(verdict.evidence).toEqual([
      {
        service: 'auth',
        metric: 'errors',
        fresh: { requests: 250, bad: 80 },
        stable: { requests: 4750, bad: 5 },
        ratio: 304,
        interval: [expect.closeTo(86.4, 1), expect.closeTo(2189.2, 1)],
        eValue: expect.any(Number),
        threshold: 100,
        windows: 5,
        skipped: 3,
        note: 'windows left out: 1 warm-up; 2 after errors of the new version, because a burst may go on (they count in the second lane)',
      },
    ]);
  });

  it('that the stable version had no errors at all, instead of dividing by nothing', () => {
    const state = fill(open(), 0, 12, [50, 16], [950, 0]);
    expect(gate.judge(state, at(120_000)).why).toMatch(
      /^auth: v2 fails 32 % of requests, v1 none of 10,450, and/,
    );
  });

  it('that requests got slower', () => {
    const latency = { enabled: true, slowerThan: 480, notWorseThan: 1.5 };
    const state = fill(open({ latency }), 0, 10, [50, 0, 16], [950, 1, 40]);
    expect(short(gate.judge(state, at(100_000)))).toEqual([
      'fail',
      'latency',
      false,
      "auth: 32 % of v2's requests take longer than 480 ms, 4.2 % of v1's: 7.6 times as many, and chance explains that less than once in 100 (threshold: once in 100 releases)",
    ]);
  });

  it('how long a stage still lasts, and what was seen so far', () => {
    const state = fill(open(), 0, 56, [50, 0], [950, 1]);
    expect(short(gate.judge(state, at(560_000)))).toEqual([
      'hold',
      'time',
      false,
      '5 % for 40 s more: v2 fails none of 2,750 requests, v1 fails 0.11 % of 52,250 requests',
    ]);
    expect(gate.judge(open(), at(0)).why).toBe('5 % for 10 min more: no probes yet');
  });

  it('that nothing speaks against going on', () => {
    const state = fill(open(), 0, 60, [50, 0], [950, 1]);
    expect(short(gate.judge(state, at(600_000)))).toEqual([
      'pass',
      'time',
      false,
      '5 % for 10 min: v2 fails none of 2,950 requests, v1 fails 0.11 % of 56,050 requests; nothing speaks against it',
    ]);
  });

  it('that no bound holds where nothing is left to compare with', () => {
    const alone = { share: 100, control: false, last: true };
    let state = fill(open({}, alone), 0, 60, [1000, 4], [0, 0]);
    state = gate.probed(state, [probe(5000, { healthy: true })], 3);
    expect(short(gate.judge(state, at(600_000, alone)))).toEqual([
      'pass',
      'time',
      false,
      '100 % for 10 min: 1 probe, all healthy; v1 is no longer beside it to compare with, so no bound on false verdicts holds here',
    ]);
  });

  it('which probes failed, and why', () => {
    const rows = (change: Partial<ProbeResult>): string =>
      gate.judge(
        gate.probed(
          open(),
          [10_000, 20_000, 30_000].map((t) => probe(t, change)),
          3,
        ),
        at(31_000),
      ).why;
    expect(rows({})).toBe('auth: 3 probes in a row of v2 failed: answered 503');
    expect(rows({ status: undefined })).toBe('auth: 3 probes in a row of v2 failed: no answer');
    expect(rows({ reason: 'answers version 1.0.0, not 2.0.0' })).toContain(
      'answers version 1.0.0, not 2.0.0',
    );
    expect(rows({ healthy: true, healthyTargets: 0 })).toContain('the load balancer sees no healthy target');
  });
});

describe('probes', () => {
  const judged = (results: readonly ProbeResult[]): string =>
    gate.judge(
      results.reduce((state, one) => gate.probed(state, [one], 3), open()),
      at(60_000),
    ).verdict;

  it('fail the gate only in a row, and count once', () => {
    const healthy = probe(25_000, { healthy: true });
    expect(judged([probe(10_000), probe(20_000), healthy, probe(30_000)])).toBe('hold');
    expect(judged([probe(10_000), probe(10_000), probe(10_000)])).toBe('hold');
    expect(judged([probe(10_000), probe(20_000), probe(30_000)])).toBe('fail');
  });

  it('once failed, stay failed', () => {
    const later = probe(40_000, { healthy: true });
    expect(judged([probe(10_000), probe(20_000), probe(30_000), later])).toBe('fail');
  });

  it('alone decide where the mode is "health"', () => {
    let state = open({ mode: 'health' });
    state = fill(state, 0, 30, [50, 50], [950, 0]);
    expect(gate.judge(state, at(300_000)).verdict).toBe('hold');
    state = gate.probed(state, [probe(300_000, { healthy: true })], 3);
    expect(short(gate.judge(state, at(600_000)))).toEqual([
      'pass',
      'time',
      false,
      '5 % for 10 min: 1 probe, all healthy; counts are not compared (mode "health")',
    ]);
  });
});

describe('missing data', () => {
  it('of the new version alone is waited for as long as configured, then the release goes back', () => {
    const unseen = { seen: { fresh: false, stable: true } };
    const lost = gate.observe(
      open(),
      Array.from({ length: 14 }, (_, k) => windowOf(k, [0, 0], [1000, 0], unseen)),
    );
    // 120 s and one window after the first window that counts.
    expect(gate.judge(lost, at(135_000)).verdict).toBe('hold');
    // Not even a stage that is over may end meanwhile.
    expect(gate.judge(lost, at(135_000, { bake: 60_000 })).verdict).toBe('hold');
    const late = gate.judge(lost, at(145_000));
    expect([late.verdict, late.by]).toEqual(['fail', 'data']);
    expect(gate.judge(restarted(lost), at(145_000))).toEqual(late);
  });

  it('is a routing fault only when enough requests were due', () => {
    // Half of 5 % of 950 a window is 23.75, more than 9.2; of 19 requests (2 a second) it takes 20 windows.
    const busy = fill(fill(open(), 0, 1, [50, 0], [950, 0]), 1, 2, [0, 0], [1000, 0]);
    expect(short(gate.judge(busy, at(20_000)))).toEqual([
      'fail',
      'data',
      false,
      'auth: none of about 50 requests that were due reached v2: traffic is not routed as configured, or its counts are lost',
    ]);
    const quiet = fill(open(), 0, 19, [0, 0], [20, 0]);
    expect(gate.judge(quiet, at(190_000)).verdict).toBe('hold');
    expect(gate.judge(fill(quiet, 19, 20, [0, 0], [20, 0]), at(200_000)).by).toBe('data');
    const one = fill(fill(quiet, 19, 20, [1, 0], [19, 0]), 20, 30, [0, 0], [20, 0]);
    expect(gate.judge(one, at(300_000)).verdict).toBe('hold');
  });

  it('of the stable version is no silent pass', () => {
    const state = fill(open(), 0, 3, [1000, 0], [0, 0]);
    expect(gate.judge(state, at(30_000))).toMatchObject({ verdict: 'fail', by: 'data' });
  });

  it('for longer than allowed fails, whether windows do not come or come without data', () => {
    const state = fill(open(), 0, 8, [50, 0], [950, 1]);
    expect(gate.judge(state, at(209_000)).verdict).toBe('hold');
    const none = gate.judge(state, at(230_000));
    expect(short(none)).toEqual([
      'fail',
      'data',
      false,
      'auth: no counts for 150 s (allowed: 2 min): a release that cannot be seen is not carried on',
    ]);
    const blind = Array.from({ length: 15 }, (_, k) =>
      windowOf(8 + k, [0, 0], [0, 0], { seen: { fresh: false, stable: false } }),
    );
    expect(short(gate.judge(gate.observe(state, blind), at(230_000)))).toEqual(short(none));
    const idle = blind.map((window) => ({ ...window, seen: { fresh: true, stable: true } }));
    expect(gate.judge(gate.observe(state, idle), at(230_000)).verdict).toBe('hold');
  });

  it('at the end of a stage is waited for', () => {
    const state = fill(open(), 0, 57, [50, 0], [950, 1]);
    expect(short(gate.judge(state, at(600_000)))).toEqual([
      'hold',
      'data',
      false,
      'auth: counts of the last 30 s are still to come',
    ]);
  });

  it('of requests without errors is no error', () => {
    const windows = Array.from({ length: 60 }, (_, k) => windowOf(k, [50, 0], [950, 0]));
    expect(gate.judge(gate.observe(open(), windows), at(600_000)).verdict).toBe('pass');
  });
});

describe('passing needs evidence', () => {
  const half: Stage = { index: 1, share: 50 };

  it('of so many requests that five times the errors would have shown', () => {
    expect([0, 0.0001, 0.001, 0.01, 0.1].map(requestsWanted)).toEqual([4000, 4000, 4000, 400, 40]);
  });

  it('at half the traffic: it waits for requests, up to three times the stage', () => {
    const state = fill(open({}, half), 0, 60, [50, 0], [50, 0]);
    expect(short(gate.judge(state, at(600_000, half)))).toEqual([
      'hold',
      'time',
      false,
      'auth: 1,050 more requests of v2 are needed (about 4 min) to rule out 5 times as many errors',
    ]);
    expect(gate.judge(fill(state, 60, 81, [50, 0], [50, 0]), at(810_000, half)).verdict).toBe('pass');
  });

  it('or of an interval that rules it out sooner', () => {
    const state = fill(open({}, half), 0, 60, [50, 1], [50, 1]);
    expect(gate.judge(state, at(600_000, half))).toMatchObject({ verdict: 'pass', inconclusive: false });
  });

  it.each([
    ['continue', 'pass', 'going on, as configured'],
    ['rollback', 'fail', 'going back, as configured'],
    ['ask', 'hold', 'a person decides: promote or abort'],
  ] as const)('and does "%s" when it cannot be had', (onInconclusive, verdict, words) => {
    const state = fill(open({ onInconclusive }, half), 0, 180, [10, 0], [10, 0]);
    expect(gate.judge(state, at(1_790_000, half)).verdict).toBe('hold');
    expect(short(gate.judge(state, at(1_800_000, half)))).toEqual([
      verdict,
      'time',
      true,
      `after 30 min at 50 % still inconclusive (auth: 2,210 more requests of v2 are needed (about 37 min) to rule out 5 times as many errors); ${words}`,
    ]);
  });

  it('and its patience is configured', () => {
    const state = fill(open({ patience: 1 }, half), 0, 60, [10, 0], [10, 0]);
    expect(gate.judge(state, at(600_000, half))).toMatchObject({ verdict: 'pass', inconclusive: true });
  });

  it('and none of suspicion: errors too few to go back, too many to go on', () => {
    let state = fill(open(), 0, 1, [50, 0], [950, 0]);
    state = fill(state, 1, 2, [50, 2], [950, 0]);
    state = fill(state, 2, 60, [50, 0], [950, 0]);
    expect(short(gate.judge(state, at(600_000)))).toEqual([
      'hold',
      'errors',
      false,
      'auth: v2 fails 0.068 % of requests, v1 none of 56,050: evidence 8, too little to go back (100), too much to go on (5)',
    ]);
  });

  it('and some request at all', () => {
    const state = fill(open(), 0, 60, [0, 0], [1, 0]);
    expect(short(gate.judge(state, at(600_000)))).toEqual([
      'hold',
      'time',
      false,
      'auth: v2 has served no request yet in this stage',
    ]);
    const never = fill(state, 60, 180, [0, 0], [1, 0]);
    expect(gate.judge(never, at(1_800_000))).toMatchObject({ verdict: 'pass', inconclusive: true });
  });

  it('of objectives where they are set and nothing is left to compare with', () => {
    const alone = { share: 100, control: false, last: true };
    const objectives = { errors: 0.1, slow: 5 };
    const latency = { enabled: true, slowerThan: 500, notWorseThan: 1.5 };
    const judged = (fresh: Side): readonly unknown[] =>
      short(gate.judge(fill(open({ objectives, latency }, alone), 0, 60, fresh, [0, 0]), at(600_000, alone)))
        .slice(0, 2)
        .concat(
          gate.judge(fill(open({ objectives, latency }, alone), 0, 60, fresh, [0, 0]), at(600_000, alone))
            .why,
        );
    expect(judged([1000, 0, 40])).toEqual(['pass', 'time', expect.stringContaining('objectives kept')]);
    expect(judged([1000, 50, 40])).toEqual([
      'fail',
      'errors',
      'auth: v2 fails 5 % of requests, the objective is at most 0.1 %',
    ]);
    expect(judged([1000, 0, 80])).toEqual([
      'fail',
      'latency',
      "auth: 8 % of v2's requests take longer than 500 ms, the objective is at most 5 %",
    ]);
  });
});

describe('a budget', () => {
  it('of requests ends the release when it is surely spent, in the warm-up too', () => {
    const budget = { requests: 200, errorMinutes: undefined };
    const state = fill(open({ budget }), 0, 1, [500, 500], [9500, 10]);
    const verdict = gate.judge(state, at(10_000));
    expect(verdict).toMatchObject({ verdict: 'fail', by: 'budget' });
    expect(verdict.why).toMatch(
      /^v2 has failed about 499 requests that v1 would have served, surely more than \d{3}: the release's budget of 200 is spent$/,
    );
    const enough = { requests: 600, errorMinutes: undefined };
    expect(gate.judge(fill(open({ budget: enough }), 0, 1, [500, 500], [9500, 10]), at(10_000)).verdict).toBe(
      'hold',
    );
  });

  it('of error minutes counts full minutes of the application', () => {
    // 500 of 10,000 requests a window fail: in 60 s as many as are served in 3 s.
    const judged = (errorMinutes: number): string =>
      gate.judge(
        fill(
          open({ mode: 'health', budget: { requests: undefined, errorMinutes } }),
          0,
          6,
          [500, 500],
          [9500, 0],
        ),
        at(60_000),
      ).verdict;
    expect([judged(0.04), judged(0.05)]).toEqual(['fail', 'hold']);
  });

  it('is not spent by an outage of both versions', () => {
    const budget = { requests: 20, errorMinutes: undefined };
    const state = fill(open({ budget }), 0, 30, [50, 25], [950, 475]);
    expect(gate.judge(state, at(300_000)).verdict).toBe('hold');
  });
});

describe('settings of one service', () => {
  it('override those of all, and alpha is divided by what can fail', () => {
    const latency = { enabled: true, slowerThan: 'p95', notWorseThan: 1.5 } as const;
    const settings: GateSettings = {
      ...SETTINGS,
      latency,
      services: { worker: { mode: 'health' }, search: { latency: { ...latency, slowerThan: 900 } } },
    };
    const names = ['auth', 'search', 'worker'];
    const past = Object.fromEntries(names.map((name) => [name, baseline(100, 0.001)]));
    const state = gate.enter(gate.open(settings, names, past), at(0));
    expect(gate.thresholds(state)).toEqual({ auth: 120, search: 900, worker: undefined });
    expect(gate.judge(state, at(0)).evidence.map((e) => [e.service, e.metric, e.threshold])).toEqual([
      ['auth', 'errors', 400],
      ['auth', 'latency', 400],
      ['search', 'errors', 400],
      ['search', 'latency', 400],
    ]);
  });

  it('do not matter to one that is new: there is nothing to compare it with, and the others are not held up', () => {
    const half = { index: 1, share: 50 };
    const names = ['auth', 'fresh-only'];
    let state = gate.enter(gate.open(SETTINGS, names, { auth: baseline(100, 0.001) }), at(0, half));
    state = fill(state, 0, 60, [500, 0], [500, 0]);
    state = gate.observe(
      state,
      Array.from({ length: 60 }, (_, k) =>
        windowOf(k, [100, 100], [0, 0], { service: 'fresh-only', seen: { fresh: true, stable: false } }),
      ),
    );
    const verdict = gate.judge(state, at(600_000, half));
    expect(verdict).toMatchObject({ verdict: 'pass', inconclusive: false });
    expect(verdict.evidence.map((e) => [e.service, e.fresh.bad, e.threshold, e.note])).toEqual([
      ['auth', 0, 100, 'windows left out: 1 warm-up'],
      ['fresh-only', 5900, undefined, 'new in this release: nothing to compare it with'],
    ]);
  });

  it('without a past have no latency test, and the rest goes on', () => {
    const latency = { enabled: true, slowerThan: 'p99', notWorseThan: 1.5 } as const;
    const state = gate.enter(gate.open({ ...SETTINGS, latency }, ['auth'], {}), at(0));
    expect(gate.thresholds(state)).toEqual({ auth: undefined });
    expect(gate.judge(state, at(0)).evidence.map((e) => e.threshold)).toEqual([100]);
  });
});
