import { z } from 'zod';
import { badInput, EXIT, ExpectedError } from '../../lib/errors.ts';
import { httpProber } from '../../release/adapters/http-prober.ts';
import type { Prober, ProbeResult, ProbeTarget } from '../../release/ports/prober.ts';
import { reader, VARIABLES } from './environment.ts';
import { runTask, type TaskPorts } from './task.ts';

const targetsSchema = z.array(
  z.object({
    service: z.string().min(1),
    url: z.url({ protocol: /^https?$/ }),
    critical: z.boolean(),
    /** null: the answer's version is not looked at. */
    version: z.string().nullable(),
    headers: z.record(z.string(), z.string()).optional(),
  }),
);

const functionsSchema = z.array(
  z.object({
    service: z.string().min(1),
    /** ARN of the published version. */
    function: z.string().min(1),
    critical: z.boolean(),
    version: z.string().nullable(),
    image: z.string().min(1),
    tests: z.array(
      z.object({
        name: z.string(),
        payload: z.json(),
        expect: z.exactOptional(z.json()),
        within: z.number().positive(),
      }),
    ),
  }),
);

/** What one service is asked: over HTTP, or by invoking it. */
export interface VerifyTarget {
  readonly service: string;
  readonly critical: boolean;
  /** null: the answer's version is not looked at. */
  readonly version: string | null;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly function?: { readonly arn: string } & NonNullable<ProbeTarget['function']>;
}

export interface VerifyInput {
  readonly deployment: string;
  readonly directory: string;
  readonly timeout: number | undefined;
  readonly targets: readonly VerifyTarget[];
  readonly interval: number;
  /** For one answer. */
  readonly probeTimeout: number;
  readonly startDelay: number;
  /** Tries per service. */
  readonly retries: number;
}

export interface Verified {
  /** Services that answered as they should. */
  readonly healthy: readonly string[];
  /** Services that did not, and are not critical. */
  readonly unhealthy: readonly string[];
}

export const readVerifyInput = (env: TaskPorts['env']): VerifyInput => {
  const read = reader('verify', env);
  const functions = read.optional(VARIABLES.functionTargets);
  const text = functions ?? read.text(VARIABLES.healthTargets, 'what to ask');
  const input: VerifyInput = {
    deployment: read.deployment(),
    directory: read.optional(VARIABLES.directory) ?? '.sluice',
    timeout: read.whole(VARIABLES.timeout, undefined, 1),
    targets: text === '' ? [] : functions === undefined ? parseTargets(text) : parseFunctions(text),
    interval: read.whole(VARIABLES.healthInterval, 10_000) ?? 10_000,
    probeTimeout: read.whole(VARIABLES.healthTimeout, 5_000, 1) ?? 5_000,
    startDelay: read.whole(VARIABLES.healthStartDelay, 0) ?? 0,
    retries: read.whole(VARIABLES.healthRetries, 15, 1) ?? 15,
  };
  read.done();
  return input;
};

const parseFunctions = (text: string): VerifyInput['targets'] =>
  parsed(
    VARIABLES.functionTargets,
    functionsSchema,
    text,
    '[{"service", "function", "image", "tests", …}]',
  ).map(({ function: arn, image, tests, ...rest }) => ({ ...rest, function: { arn, image, tests } }));

const parseTargets = (text: string): VerifyInput['targets'] =>
  parsed(
    VARIABLES.healthTargets,
    targetsSchema,
    text,
    '[{"service", "url", "critical", "version", "headers"?}]',
  );

/** The value is not repeated in the error: its headers hold a token. */
const parsed = <T>(variable: string, schema: z.ZodType<T>, text: string, allowed: string): T => {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const reason =
      error instanceof z.ZodError
        ? error.issues.map((i) => `${i.path.join('.')} ${i.message}`).join('; ')
        : 'it is no JSON';
    throw badInput('sluice task verify cannot start:', [
      {
        path: variable,
        reason,
        allowed,
      },
    ]);
  }
};

/** `sluice task verify`: reads everything from the environment. */
export const runVerify = (ports: TaskPorts): Promise<Verified> => verify(readVerifyInput(ports.env), ports);

/**
 * Asks every service until it answers healthy and in the right version, or its tries are over. Throws
 * `ExpectedError` (exit 5) that names each critical service that did not, with its last answer.
 */
export const verify = (
  input: VerifyInput,
  ports: Omit<TaskPorts, 'secrets'>,
  given?: Pick<Prober, 'probe'>,
): Promise<Verified> =>
  runTask({ ...input, kind: 'verify' }, ports, async (task) => {
    const prober = given ?? (await proberFor(input, ports.env));
    for (const t of input.targets) for (const value of Object.values(t.headers ?? {})) task.hidden.add(value);
    if (input.startDelay > 0) await task.clock.sleep(input.startDelay, task.signal);
    const waiting = new Map(input.targets.map((t) => [t.service, t]));
    const last = new Map<string, ProbeResult>();
    for (let attempt = 1; attempt <= input.retries && waiting.size > 0; attempt++) {
      if (attempt > 1) await task.clock.sleep(input.interval, task.signal);
      const results = await prober.probe(
        [...waiting.values()].map((t) => ({
          service: t.service,
          targetGroup: t.function?.arn ?? '',
          ...(t.function === undefined ? {} : { function: t.function }),
          url: t.url ?? '',
          headers: t.headers ?? {},
          version: t.version ?? undefined,
          timeoutMs: input.probeTimeout,
        })),
        task.signal,
      );
      for (const result of results) {
        last.set(result.service, result);
        if (result.healthy) waiting.delete(result.service);
        const answer = result.healthy
          ? `healthy${result.version === undefined ? '' : `, version ${result.version}`}`
          : result.reason;
        task.log(
          `${result.service}: ${answer} (try ${attempt} of ${input.retries}, ${Math.round(result.latencyMs)} ms)`,
        );
      }
    }
    const failed = [...waiting.values()].filter((t) => t.critical);
    if (failed.length > 0)
      throw unhealthy(
        failed.map((t) => t.service),
        last,
        input,
      );
    return {
      healthy: input.targets.map((t) => t.service).filter((s) => !waiting.has(s)),
      unhealthy: [...waiting.keys()],
    };
  });

/** Functions are invoked by Lambda's API, wherever the environment says it is. */
const proberFor = async ({ targets }: VerifyInput, env: TaskPorts['env']): Promise<Pick<Prober, 'probe'>> => {
  if (!targets.some((t) => t.function !== undefined)) return httpProber(() => Promise.resolve({}));
  const [{ lambdaClient }, { lambdaProber }, { awsSettings }] = await Promise.all([
    import('../../release/adapters/aws/lambda/client.ts'),
    import('../../release/adapters/aws/lambda/prober.ts'),
    import('../../release/adapters/aws/ports.ts'),
  ]);
  const endpoint = env['AWS_ENDPOINT_URL_LAMBDA'];
  return lambdaProber(lambdaClient({ ...awsSettings(env), ...(endpoint === undefined ? {} : { endpoint }) }));
};

const unhealthy = (
  services: readonly string[],
  last: ReadonlyMap<string, ProbeResult>,
  input: VerifyInput,
): ExpectedError =>
  new ExpectedError(
    [
      `${services.length} of ${input.targets.length} services did not become healthy in ${input.retries} tries; traffic was not moved`,
      ...services.map((s) => `  ${s}: ${last.get(s)?.reason ?? 'was not asked'}`),
    ].join('\n'),
    {
      exit: EXIT.personNeeded,
      hint: 'see the logs of these services; more time is given by health.retries, health.interval and health.startDelay',
    },
  );
