import type { SmokeTest } from '../../config/types.ts';
import type { HttpAnswer } from '../ports/prober.ts';

/** Why an answer is not what a smoke test wants; empty: it is. */
export const smokeReasons = (
  test: Pick<SmokeTest, 'status' | 'contains' | 'within'>,
  answer: HttpAnswer,
): string[] => {
  if (!answer.ok) return [answer.reason];
  return [
    ...(test.status.includes(answer.status)
      ? []
      : [`status ${answer.status}, wanted ${test.status.join(' or ')}`]),
    ...(test.contains === undefined || answer.body.includes(test.contains)
      ? []
      : [`the answer does not contain ${JSON.stringify(test.contains)}`]),
    ...(answer.latencyMs <= test.within ? [] : [`took ${answer.latencyMs} ms, at most ${test.within} ms`]),
  ];
};
