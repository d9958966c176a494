import type { SmokeTest } from '../../config/types.ts';
import type { HttpAnswer } from '../ports/prober.ts';
import type { SmokeCase } from './engine/types.ts';
import type { DeploymentRecord } from './records/schema.ts';

/** Why an answer is not what a smoke test wants; empty: it is. */
const smokeReasons = (
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

/** What became of one test. */
export const smokeCase = (
  test: Pick<SmokeTest, 'name' | 'critical' | 'status' | 'contains' | 'within'>,
  answer: HttpAnswer,
): SmokeCase => {
  const wrong = smokeReasons(test, answer);
  return {
    name: test.name,
    critical: test.critical,
    passed: wrong.length === 0,
    latencyMs: answer.latencyMs,
    ...(wrong.length === 0 ? {} : { why: wrong.join('; ') }),
  };
};

/** The same as a record has it. */
export const recordedSmoke = (cases: readonly SmokeCase[]): DeploymentRecord['smoke_tests'] =>
  cases.map(({ name, critical, passed, latencyMs, why }) => ({
    name,
    critical,
    passed,
    latency_ms: latencyMs,
    ...(why === undefined ? {} : { why }),
  }));
