import { describe, expect, it } from 'vitest';
import { steadyTime, systemClock } from '../../lib/clock.ts';

const HOUR = 3_600_000;
const START = 1_700_000_000_000;

/** A machine whose clocks are moved by hand. */
const machine = () => {
  const time = { wall: START, running: 500, sinceStart: 86_400_000 };
  const pass = (ms: number): void => {
    for (const clock of ['wall', 'running', 'sinceStart'] as const) time[clock] += ms;
  };
  const now = steadyTime({
    wall: () => time.wall,
    running: () => time.running,
    // As coarse as it is.
    sinceStart: () => Math.floor(time.sinceStart / 1_000) * 1_000,
  });
  return { time, pass, now };
};

describe('the time of a process', () => {
  it.each([HOUR, -HOUR])('does not jump when the clock is set (%i ms)', (jump) => {
    const { time, pass, now } = machine();
    expect(now()).toBe(START);
    pass(1_234);
    time.wall += jump;
    expect(now()).toBe(START + 1_234);
    pass(61_500);
    expect(now()).toBe(START + 1_234 + 61_500);
  });

  it('counts the sleep of the machine', () => {
    const { time, pass, now } = machine();
    pass(10_000);
    time.wall += HOUR;
    time.sinceStart += HOUR;
    expect(now()).toBe(START + 10_000 + HOUR);
    pass(5_000);
    expect(now()).toBe(START + 15_000 + HOUR);
  });

  it('is the time of day otherwise, and never goes back', () => {
    const before = systemClock.now();
    expect(Math.abs(before - Date.now())).toBeLessThan(2_000);
    expect(systemClock.now()).toBeGreaterThanOrEqual(before);
    expect(Number.isInteger(before)).toBe(true);
  });
});
