import { z } from 'zod';
import { badInput, EXIT, ExpectedError } from '../../lib/errors.ts';
import type { SmokeCase } from '../../release/core/engine/types.ts';
import { smokeCase } from '../../release/core/smoke.ts';
import { s3Objects } from '../../release/adapters/objects.ts';
import { s3Client } from '../../release/adapters/s3.ts';
import type { HttpAnswer, HttpProbe } from '../../release/ports/prober.ts';
import { httpProbe } from '../session/http.ts';
import { doneByOthers, smokeKey, type Stores } from './by-itself.ts';
import { reader, VARIABLES } from './environment.ts';
import { runTask, type Task, type TaskPorts } from './task.ts';

const testsSchema = z.array(
  z.object({
    name: z.string(),
    method: z.string(),
    url: z.url({ protocol: /^https?$/ }),
    headers: z.record(z.string(), z.string()),
    body: z.exactOptional(z.string()),
    status: z.array(z.number()),
    contains: z.exactOptional(z.string()),
    within: z.number().positive(),
    critical: z.boolean(),
  }),
);
type Asked = z.infer<typeof testsSchema>[number];

export interface SmokeInput {
  readonly environment: string;
  readonly deployment: string;
  readonly directory: string;
  readonly timeout: number | undefined;
  readonly tests: readonly Asked[];
  readonly retries: number;
  readonly interval: number;
  readonly onFailure: 'rollback' | 'report';
}

const parsed = (text: string): readonly Asked[] => {
  try {
    return testsSchema.parse(JSON.parse(text));
  } catch (error) {
    // The value is not repeated: its headers hold a token.
    const reason = error instanceof z.ZodError ? 'is not a list of tests' : 'is no JSON';
    throw badInput('sluice task smoke cannot start:', [
      { path: VARIABLES.smokeTests, reason, allowed: '[{"name", "method", "url", "headers", "status", …}]' },
    ]);
  }
};

/** `sluice task smoke`: reads everything from the environment. */
export const runSmoke = (ports: TaskPorts): Promise<readonly SmokeCase[] | undefined> => {
  const read = reader('smoke', ports.env);
  const text = read.text(VARIABLES.smokeTests, 'what to ask');
  const buckets = [
    read.text(VARIABLES.recordBucket, 'the bucket for records'),
    read.text(VARIABLES.leaseBucket, 'the bucket with the journals'),
  ] as const;
  const input = {
    environment: read.text(VARIABLES.environment, 'the name of the environment'),
    deployment: read.deployment(),
    directory: read.optional(VARIABLES.directory) ?? '.sluice',
    timeout: read.whole(VARIABLES.timeout, undefined, 1),
    retries: read.whole(VARIABLES.smokeRetries, 2) ?? 2,
    interval: read.whole(VARIABLES.smokeInterval, 5_000) ?? 5_000,
    onFailure: read.choice(VARIABLES.smokeOnFailure, ['rollback', 'report'], 'rollback'),
  } as const;
  read.done();
  const client = s3Client(ports.env);
  const [record, lease] = buckets.map((bucket) => s3Objects(bucket, client));
  if (record === undefined || lease === undefined) throw new Error('two buckets are two stores');
  return smoke({ ...input, tests: parsed(text) }, ports, { record, lease });
};

type Http = (probe: HttpProbe, signal?: AbortSignal) => Promise<HttpAnswer>;

/**
 * Runs every test, side by side, again while critical ones fail and tries are left. Throws `ExpectedError` (exit 5) naming the
 * critical ones that failed, unless they are only to be reported. Undefined: others test this deployment.
 */
export const smoke = (
  input: SmokeInput,
  ports: Omit<TaskPorts, 'secrets'>,
  stores: Stores,
  http: Http = httpProbe,
): Promise<readonly SmokeCase[] | undefined> =>
  runTask({ ...input, kind: 'smoke' }, ports, async (task) => {
    const others = await doneByOthers(stores, input.environment, input.deployment);
    if (others !== undefined) {
      task.log(others);
      return undefined;
    }
    for (const t of input.tests) for (const value of Object.values(t.headers)) task.hidden.add(value);
    let cases: readonly SmokeCase[] = [];
    for (let attempt = 0; attempt <= input.retries; attempt += 1) {
      if (attempt > 0) await task.clock.sleep(input.interval, task.signal);
      cases = await Promise.all(input.tests.map((test) => ask(test, task, http)));
      if (!cases.some(isBad)) break;
    }
    await stores.record.put(
      smokeKey(input.environment, input.deployment),
      `${JSON.stringify({ format: 1, cases })}\n`,
    );
    const bad = cases.filter(isBad);
    if (bad.length > 0 && input.onFailure === 'rollback') throw failed(bad, cases.length);
    return cases;
  });

const isBad = (c: SmokeCase): boolean => c.critical && !c.passed;

const ask = async (test: Asked, task: Task, http: Http): Promise<SmokeCase> => {
  const { method, url, headers, body, within } = test;
  const probe = { method, url, headers, body, timeoutMs: Math.max(within, 1_000) };
  const found = smokeCase({ ...test, contains: test.contains }, await http(probe, task.signal));
  const { name, passed, why = '' } = found;
  task.log(`${passed ? 'passed' : 'FAILED'} ${name}: ${method} ${url} ${why}`.trimEnd());
  return found;
};

const failed = (bad: readonly SmokeCase[], count: number): ExpectedError =>
  new ExpectedError(
    [
      `${bad.length} of ${count} smoke tests failed; traffic was not moved`,
      ...bad.map((c) => `  ${c.name}: ${c.why ?? 'failed'}`),
    ].join('\n'),
    { exit: EXIT.personNeeded, hint: 'mend the version, or the test in smoke.tests' },
  );
