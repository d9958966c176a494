import { describe, expect, it } from 'vitest';
import { seeded } from '../../../../lib/random.ts';
import { gate, gateLog } from '../../../../release/core/gate/gate.ts';
import { replayGate, type GateRecord } from '../../../../release/core/gate/replay.ts';
import type { GateContext, Verdict } from '../../../../release/core/gate/types.ts';
import type { ProbeResult } from '../../../../release/ports/prober.ts';
import { at, baseline, restarted, SETTINGS, traffic } from './support.ts';

const probe = (now: number, healthy: boolean): ProbeResult => ({
  service: 'auth',
  at: now,
  healthy,
  status: healthy ? 200 : 503,
  version: undefined,
  latencyMs: 3,
  healthyTargets: 2,
  reason: undefined,
});

/** A release of three stages, with windows that come late, twice or never, and restarts. */
const release = (fresh: number): GateRecord => {
  const random = seeded(11);
  const verdicts: Verdict[] = [];
  let context: GateContext = at(3000, { startedAt: 3000, bake: 100_000 });
  let state = gate.enter(gate.open(SETTINGS, ['auth'], { auth: baseline(200, 0.001) }), context);
  for (let k = 0; k < 40; k += 1) {
    const now = (k + 1) * 10_000 + 500;
    if (k === 12) {
      context = at(now, { index: 1, share: 50, startedAt: now - 200, bake: 100_000 });
      state = gate.enter(state, context);
    }
    const { share } = context.stage;
    const window = traffic(random, k, { rps: 200, share, fresh, stable: 0.001 });
    if (k % 9 !== 4) state = gate.observe(state, k % 5 === 0 ? [window, window] : [window]);
    state = gate.probed(state, [probe(now, fresh < 0.2 || k < 30)], 3);
    if (k % 7 === 0) state = restarted(state);
    verdicts.push(gate.judge(state, { ...context, now }));
  }
  return JSON.parse(JSON.stringify({ log: gateLog(state), verdicts })) as GateRecord;
};

describe('a replay', () => {
  it.each([0.001, 0.02, 0.3])(
    'of a record computes every verdict again and agrees (error rate %s)',
    (fresh) => {
      const replayed = replayGate(release(fresh));
      expect(replayed).toHaveLength(40);
      expect(replayed.filter((one) => !one.agrees)).toEqual([]);
      expect(new Set(replayed.map((one) => one.computed?.verdict))).toContain(fresh > 0.01 ? 'fail' : 'hold');
    },
  );

  it('says so when a verdict or a window was changed afterwards', () => {
    const record = release(0.02);
    const forged = record.verdicts.map((verdict, k) =>
      k === 39 ? { ...verdict, verdict: 'pass' as const } : verdict,
    );
    expect(
      replayGate({ ...record, verdicts: forged })
        .map((one) => one.agrees)
        .indexOf(false),
    ).toBe(39);
    const lines = record.log.text.split('\n');
    const edited = lines.map((line, k) => (k === 5 ? line.replace(/ \d+,/, ' 999999,') : line)).join('\n');
    expect(edited).not.toBe(record.log.text);
    expect(replayGate({ ...record, log: { ...record.log, text: edited } }).every((one) => one.agrees)).toBe(
      false,
    );
  });

  it('says which verdicts it cannot compute', () => {
    const record = release(0.001);
    const short = { ...record.log, text: record.log.text.split('\n').slice(0, 10).join('\n') };
    const replayed = replayGate({ ...record, log: short });
    expect(replayed[0]?.agrees).toBe(true);
    expect(replayed.at(-1)).toMatchObject({ computed: undefined, agrees: false });
  });

  it('keeps a compact log: an hour of a service in less than 20 kB', () => {
    const random = seeded(3);
    let state = gate.enter(gate.open(SETTINGS, ['auth'], { auth: baseline(1000, 0.001) }), at(0));
    for (let k = 0; k < 360; k += 1)
      state = gate.observe(state, [traffic(random, k, { rps: 1000, share: 5, fresh: 0.001, stable: 0.001 })]);
    expect(gateLog(state).text.length).toBeLessThan(20_000);
  });
});
