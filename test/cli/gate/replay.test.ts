import { describe, expect, it } from 'vitest';
import { replayReport } from '../../../cli/gate/replay.ts';
import { gate, gateLog } from '../../../release/core/gate/gate.ts';
import type { GateRecord } from '../../../release/core/gate/replay.ts';
import { at, baseline, SETTINGS, windowOf } from '../../release/core/gate/support.ts';

const record = (): GateRecord => {
  let state = gate.enter(
    gate.open(SETTINGS, ['auth'], { auth: baseline(100, 0.001) }, { fresh: 'v2', stable: 'v1' }),
    at(0),
  );
  const verdicts = Array.from({ length: 4 }, (_, k) => {
    state = gate.observe(state, [windowOf(k, [50, 50], [950, 1])]);
    return gate.judge(state, at((k + 1) * 10_000));
  });
  return { log: gateLog(state), verdicts };
};

describe('the report of a replay', () => {
  it('shows where the verdict turned, and that all agree', () => {
    const report = replayReport(record());
    expect(report.agrees).toBe(true);
    expect(report.text.split('\n')).toEqual([
      '4 verdicts computed again from 4 windows: all agree',
      '  after 30 s     hold  5 % for 10 min more: v2 fails 100 % of 100 requests, v1 fails 0.11 % of 1,900 requests',
      '  after 40 s     fail  auth: v2 fails 100 % of requests, v1 0.11 %: 950 times as many, and chance explains that less than once in 1,000 (threshold: once in 100 releases)',
    ]);
  });

  it('shows both verdicts where they differ', () => {
    const { log, verdicts } = record();
    const forged = verdicts.map((one, k) =>
      k === 3 ? { ...one, verdict: 'pass' as const, why: 'all is well' } : one,
    );
    const report = replayReport({ log, verdicts: forged });
    expect(report.agrees).toBe(false);
    expect(report.text).toContain('1 differs from the record');
    expect(report.text).toMatch(
      /differs after 40 s:\n {2}record: +pass {2}all is well\n {2}computed: fail {2}auth: v2/,
    );
  });
});
