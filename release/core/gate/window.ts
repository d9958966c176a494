import type { GateSettings } from '../../../config/types.ts';
import type { Baseline } from '../../ports/metrics.ts';

const SHORTEST = 10_000;
const LONGEST = 60_000;
/** Requests of the new version that a window should hold. */
const WANTED = 3;

/** Width in which a baseline's past windows are to be asked for: the gate's own width is a multiple of it. */
export const baselineWidth = (settings: Pick<GateSettings, 'window'>): number => settings.window ?? SHORTEST;

/**
 * Width of the gate's windows in ms: as configured, or the time for 3 requests of the new version, in steps of 10 s
 * from 10 s to 60 s. `perSecond`: requests of the busiest service; `share`: of the first stage, percent.
 */
export const windowWidth = (
  settings: Pick<GateSettings, 'window'>,
  perSecond: number,
  share: number,
): number => {
  if (settings.window !== undefined) return settings.window;
  const fresh = (perSecond * share) / 100;
  const steps = fresh > 0 ? Math.ceil((WANTED / fresh) * (1000 / SHORTEST) - 1e-9) : Infinity;
  return Math.min(LONGEST, Math.max(1, steps) * SHORTEST);
};

/** Windows left out at the start of a release. */
export const warmupWindows = (settings: Pick<GateSettings, 'warmup'>, widthMs: number): number =>
  settings.warmup === undefined ? (widthMs >= LONGEST ? 0 : 1) : Math.ceil(settings.warmup / widthMs);

/** Past windows joined to the gate's width; a rest at the beginning (the oldest) is left out. */
export const joinWindows = (
  counts: readonly number[],
  baseline: Pick<Baseline, 'seconds' | 'errorWindows'>,
  widthMs: number,
): readonly number[] => {
  const each = (baseline.seconds * 1000) / Math.max(1, baseline.errorWindows.length);
  const many = Math.round(widthMs / each);
  if (!(many > 1) || many > counts.length) return counts;
  const joined: number[] = [];
  for (let end = counts.length; end >= many; end -= many) {
    let sum = 0;
    for (let k = end - many; k < end; k += 1) sum += counts[k] ?? 0;
    joined.push(sum);
  }
  return joined.toReversed();
};

export interface Reference {
  readonly mean: number;
  readonly largest: number;
  readonly sd: number;
}

/** Mean, spread and largest of past windows; undefined without any. */
export const referenceOf = (counts: readonly number[]): Reference | undefined => {
  if (counts.length === 0) return undefined;
  let sum = 0;
  let largest = 0;
  for (const count of counts) {
    sum += count;
    largest = Math.max(largest, count);
  }
  const mean = sum / counts.length;
  let squares = 0;
  for (const count of counts) squares += (count - mean) ** 2;
  return { mean, largest, sd: Math.sqrt(squares / counts.length) };
};
