import type { Traffic } from '../traffic.ts';

/** A way to decide on a release, looked at while the traffic of one hour passes. */
export interface Rule {
  readonly name: string;
  /** Where its behaviour is written down. */
  readonly source: string;
  /** Steps of ten seconds until it rolls back; 0 when it does not within the hour. */
  judge(traffic: Traffic): number;
  /** Whether the last judged release, not rolled back, would have to wait for more evidence. */
  readonly undecided: boolean;
}

export const STEPS_A_MINUTE = 6;
