import { z } from 'zod';
import { choice, duration, list, MINUTE, strict, text, words } from '../app/fields.ts';
import { LIMITS } from '../app/limits.ts';
import type { FunctionSettings } from './types.ts';

const SECOND = 1000;

/** Makes the application's services functions of AWS Lambda. */
export const lambdaSection = strict({
  /** Bucket with the artifacts; all environments read the same one, so that each runs what the one before ran. */
  artifacts: text(
    /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
    `the name of a bucket, 3 to ${LIMITS.bucket} lower-case letters, digits and hyphens`,
  ),
  /** Alias that users call. Default: live. */
  alias: text(
    /^(?!\d+$)[A-Za-z0-9_-]{1,128}$/,
    'letters, digits, - and _, not only digits, e.g. live',
  ).prefault('live'),
});

/** JSON as YAML gives it. A map with `undefined` or a date in it would not survive being frozen. */
const json = z.json({ error: 'JSON: texts, numbers, true, false, null, lists and maps' });

const test = strict({
  /** Shown in records and logs. */
  name: words('a name for people'),
  /** What the function is called with. */
  payload: json,
  /** What the answer must hold; maps may have more keys. Default: any answer that is no error. */
  expect: json.optional(),
  /** Longest answer time. Default: 5 seconds, or the function's timeout where that is shorter. */
  within: duration(1, 15 * MINUTE).optional(),
});

/** `services.<name>.function`. */
export const functionSection = strict({
  /** Default: nodejs22.x. */
  runtime: text(/^[a-z][a-z0-9.]{1,40}$/, 'a runtime of Lambda, e.g. nodejs22.x').prefault('nodejs22.x'),
  /** Default: index.handler. */
  handler: text(/^[A-Za-z0-9_./-]{1,120}\.[A-Za-z_$][\w$]*$/, '`file.export`, e.g. index.handler').prefault(
    'index.handler',
  ),
  /** Default: arm64. */
  architecture: choice('arm64', 'x86_64').prefault('arm64'),
  /** Longest run of one invocation; Lambda ends it then. Default: 10 seconds. */
  timeout: duration(SECOND, 15 * MINUTE)
    .refine((ms) => ms % SECOND === 0, {
      error: 'is not a whole number of seconds',
      params: { allowed: '"1 second" to "15 minutes"' },
    })
    .prefault('10 seconds'),
  /** Invoked in this environment before users reach a version, and again behind the alias. Default: none. */
  tests: list(test, 'a list of tests, each with name and payload', { max: 50 }).prefault([]),
});

export const resolveFunction = (written: z.output<typeof functionSection>): FunctionSettings => ({
  ...written,
  tests: written.tests.map(({ expect, within, ...rest }) => ({
    ...rest,
    within: within ?? Math.min(5 * SECOND, written.timeout),
    ...(expect === undefined ? {} : { expect }),
  })),
});
