/**
 * Direct probes of the new version: hard evidence that needs no traffic. Three in a row, every ten seconds.
 * A good version that fails a probe now and then must not be sent back for it.
 */

import { gate } from '../../release/core/gate/gate.ts';
import type { GateContext } from '../../release/core/gate/types.ts';
import type { Claim } from './claims.ts';
import { PLAIN } from './settings.ts';
import { percent, RATES } from './workloads.ts';

const EVERY = 10_000;
const IN_A_ROW = 3;
const HOUR = 3_600_000;
const LIMIT_SECONDS = 30;

const context = (now: number): GateContext => ({
  now,
  stage: { index: 0, share: 5, startedAt: 0, bake: HOUR, last: false, control: true },
});

/** Seconds until a version that answers no probe is sent back, at so many requests a second; 0: never. */
export const timeToFail = (rate: number): number => {
  const past = {
    requests: rate * 3600,
    errors: 0,
    seconds: 3600,
    p50: undefined,
    p95: undefined,
    p99: undefined,
    errorWindows: [],
  };
  let state = gate.enter(gate.open(PLAIN, ['auth'], { auth: past }), context(0));
  for (let now = EVERY; now <= HOUR; now += EVERY) {
    const probe = {
      service: 'auth',
      at: now,
      healthy: false,
      status: undefined,
      version: undefined,
      latencyMs: 0,
      healthyTargets: undefined,
      reason: undefined,
    };
    state = gate.probed(state, [probe], IN_A_ROW);
    if (gate.judge(state, context(now)).verdict === 'fail') return now / 1000;
  }
  return 0;
};

/** Chance that `inARow` of an hour's probes fail one after the other, if each fails by chance: exact, probe by probe. */
export const falseInAnHour = (chance: number, inARow = IN_A_ROW): number => {
  let rows = [1, ...Array.from({ length: inARow - 1 }, () => 0)];
  let failed = 0;
  for (let probe = 0; probe < HOUR / EVERY; probe += 1) {
    failed += (rows.at(-1) ?? 0) * chance;
    const good = rows.reduce((sum, part) => sum + part, 0) * (1 - chance);
    rows = [good, ...rows.slice(0, -1).map((part) => part * chance)];
  }
  return failed;
};

export const probesClaim = (): Claim => {
  const times = [0, ...RATES].map(timeToFail);
  const kept = times.every((seconds) => seconds > 0 && seconds <= LIMIT_SECONDS);
  const short = (chance: number): string => percent(Number(falseInAnHour(chance).toPrecision(2)));
  return {
    name: `total failure with probes: at most ${LIMIT_SECONDS} s, at any traffic`,
    state: kept ? 'kept' : 'broken',
    detail:
      `${Math.max(...times)} s, without traffic too; ${IN_A_ROW} in a row by chance within an hour: ` +
      `${short(0.01)} where 1 % of probes fail, ${short(0.05)} where 5 % do (${percent(Number(falseInAnHour(0.05, 5).toPrecision(2)))} for five in a row)`,
    again: [],
  };
};
