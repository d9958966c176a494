import {
  GetFunctionConfigurationCommand,
  InvokeCommand,
  type FunctionConfiguration,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { artifactOf } from '../../../../config/lambda/artifact.ts';
import type { FunctionTest } from '../../../../config/lambda/types.ts';
import { ExpectedError, messageOf } from '../../../../lib/errors.ts';
import type { ProbeResult, Prober, ProbeTarget } from '../../../ports/prober.ts';
import { askingFor, isNamed } from '../asking.ts';
import { versionIn, wrongWith, type Invocation } from './answer.ts';
import { parseQualified } from './client.ts';

export const ACTIONS = ['lambda:GetFunctionConfiguration', 'lambda:InvokeFunction'] as const;

const ask = askingFor(ACTIONS);
const A_LOOK_MS = 8_000;
/** Over the wire, beside the run itself. */
const WAY_MS = 1_000;

const bare = (version: string): string => version.replace(/^v/, '');

/** What AWS says of a published version; undefined when there is none. */
const describe = async (
  client: LambdaClient,
  arn: string,
  signal?: AbortSignal,
): Promise<FunctionConfiguration | undefined> => {
  const { name, qualifier } = parseQualified(arn);
  const command = new GetFunctionConfigurationCommand({ FunctionName: name, Qualifier: qualifier });
  try {
    return await ask('lambda:GetFunctionConfiguration', arn, (o) => client.send(command, o), {
      timeoutMs: A_LOOK_MS,
      signal,
    });
  } catch (error) {
    if (error instanceof ExpectedError && isNamed(error.cause, 'ResourceNotFoundException')) return undefined;
    throw error;
  }
};

const invoke = async (
  client: LambdaClient,
  arn: string,
  test: FunctionTest,
  signal?: AbortSignal,
): Promise<Invocation> => {
  const { name, qualifier } = parseQualified(arn);
  const command = new InvokeCommand({
    FunctionName: name,
    Qualifier: qualifier,
    Payload: new TextEncoder().encode(JSON.stringify(test.payload)),
  });
  const startedAt = performance.now();
  const answer = await ask('lambda:InvokeFunction', arn, (o) => client.send(command, o), {
    timeoutMs: test.within + WAY_MS,
    signal,
  });
  return {
    body: new TextDecoder().decode(answer.Payload ?? new Uint8Array()),
    error: answer.FunctionError,
    executed: answer.ExecutedVersion,
    latencyMs: performance.now() - startedAt,
  };
};

/** Whether the code is that of the frozen artifact: what was tested elsewhere is what runs here. */
const wrongCode = (target: ProbeTarget, { CodeSha256 }: FunctionConfiguration): string | undefined => {
  const frozen = target.function === undefined ? undefined : artifactOf(target.function.image);
  if (frozen === undefined || CodeSha256 === undefined) return undefined;
  const published = Buffer.from(CodeSha256, 'base64').toString('hex');
  return published === frozen.sha256
    ? undefined
    : `the published code is sha256:${published.slice(0, 12)}…, the release names sha256:${frozen.sha256.slice(0, 12)}…`;
};

type Seen = Pick<ProbeResult, 'healthy' | 'status' | 'version' | 'reason' | 'healthyTargets'>;

const ill = (reason: string, healthyTargets: number | undefined, status?: number): Seen => ({
  healthy: false,
  status,
  version: undefined,
  reason,
  healthyTargets,
});

const look = async (client: LambdaClient, target: ProbeTarget, signal?: AbortSignal): Promise<Seen> => {
  const { qualifier: number } = parseQualified(target.targetGroup);
  const published = await describe(client, target.targetGroup, signal);
  if (published === undefined) return ill(`published version ${number} does not exist any more`, 0);
  const active = (published.State ?? 'Active') === 'Active';
  if (!active) return ill(`version ${number} is ${published.State}: ${published.StateReason ?? ''}`, 0);
  const code = wrongCode(target, published);
  if (code !== undefined) return ill(code, 1);
  const { tests = [] } = target.function ?? {};
  const asked = target.rule ?? target.targetGroup;
  const answers = await Promise.all(
    tests.map(async (test) => ({ test, answer: await invoke(client, asked, test, signal) })),
  );
  const wrong = answers.flatMap(({ test, answer }) => wrongWith(test, answer, number) ?? []);
  const version = answers.map(({ answer }) => versionIn(answer.body)).find((v) => v !== undefined);
  if (wrong.length > 0) return { ...ill(wrong.join('; '), 1, 200), version };
  if (target.version !== undefined && version !== undefined && bare(version) !== bare(target.version))
    return {
      ...ill(`answers version ${version}, expected ${bare(target.version)}`, 1, 200),
      version,
    };
  return { healthy: true, status: 200, version, reason: undefined, healthyTargets: 1 };
};

/** Probes published versions by invoking them with their test payloads; never throws for what a function does. */
export const lambdaProber = (client: LambdaClient): Prober => ({
  probe: (targets, signal) =>
    Promise.all(
      targets.map(async (target): Promise<ProbeResult> => {
        const at = Date.now();
        const startedAt = performance.now();
        let seen: Seen;
        try {
          seen = await look(client, target, signal);
        } catch (error) {
          signal?.throwIfAborted();
          seen = ill(`no answer: ${messageOf(error)}`, undefined);
        }
        const latencyMs = Math.round((performance.now() - startedAt) * 100) / 100;
        return { service: target.service, at, latencyMs, ...seen };
      }),
    ),
  targets: async (versions) => {
    const known = [...new Set(versions)];
    const found = await Promise.all(known.map((arn) => describe(client, arn)));
    return Object.fromEntries(
      known.map((arn, i) => {
        const healthy = found[i] !== undefined && (found[i].State ?? 'Active') === 'Active' ? 1 : 0;
        return [arn, { healthy, total: 1 }];
      }),
    );
  },
});
