import type { Second, Summary } from '../../sandbox/traffic/client.ts';
import { median, smallest } from '../numbers.ts';
import type { Bench, Findings } from '../row.ts';
import { play } from './play.ts';

/** Requests per second. A hundred thousand of them at 300 would be five and a half minutes. */
const RATE = 1_000;
const BAKES = ['30 seconds', '30 seconds', '30 seconds'] as const;
const LEAST_RATE = 300;
const LEAST_REQUESTS = 100_000;

const whole = (value: number): string => Math.round(value).toLocaleString('en');

export const trafficFindings = (
  status: string,
  traffic: Summary,
  seconds: readonly Second[],
  rate: number,
): Findings => {
  // The generator starts slowly, and its last second is not a whole one.
  const steady = seconds.slice(2, -1).map(({ answered }) => answered);
  const slowest = smallest(steady);
  const answered = Object.entries(traffic.versions).map(
    ([version, count]) => `${whole(count)} by ${version}`,
  );
  const enough = traffic.answered >= LEAST_REQUESTS && traffic.rate >= LEAST_RATE;
  const well = status === 'success' && traffic.failed === 0 && traffic.shed === 0;
  return {
    rows: [
      {
        claim: 'a healthy release under traffic: failed requests',
        goal: `0 of at least ${whole(LEAST_REQUESTS)}, at ${LEAST_RATE}/s or more`,
        measured:
          `${whole(traffic.failed)} of ${whole(traffic.sent)} at ${whole(traffic.rate)}/s (${answered.join(', ')}); ` +
          `asked for ${whole(rate)}/s, in the slowest second ${whole(slowest)} answers, median ${whole(median(steady))}; ` +
          `${traffic.shed === 0 ? 'none' : whole(traffic.shed)} held back by the generator; p95 ${whole(traffic.p95 ?? 0)} ms`,
        met: enough && well,
      },
    ],
    numbers: { status, traffic, seconds },
  };
};

export const traffic: Bench = {
  name: 'traffic',
  title: `a healthy release at ${RATE} requests a second`,
  run: async (say) => {
    const seconds: Second[] = [];
    const onSecond = (second: Second): void => {
      seconds.push(second);
      if (seconds.length % 20 === 0)
        say(`${seconds.length} s: ${second.answered}/s, ${second.failed} failed`);
    };
    return play({ scenario: 'healthy', rate: RATE, bakes: BAKES, onSecond }, ({ outcome, traffic }) =>
      Promise.resolve(trafficFindings(outcome.result, traffic, seconds, RATE)),
    );
  },
};
