import { artifactOf } from '../config/lambda/artifact.ts';
import type { FrozenService } from '../config/release.types.ts';
import { badInput } from '../lib/errors.ts';
import { cloudName, LIMITS, type Scope } from './names.ts';

/** A service as one slot has it, under the deployment that brought it. */
export interface FunctionDefinition {
  readonly version: string;
  readonly deployment: string;
  readonly definition: FrozenService;
}

export interface LambdaServicePlanArgs extends FunctionDefinition {
  readonly scope: Scope;
  readonly service: string;
}

/** Values of the function as it is to be published. Nothing in it is unknown or secret: a preview shows what changes. */
export interface LambdaServicePlan {
  readonly names: { readonly function: string; readonly role: string; readonly logGroup: string };
  readonly runtime: string;
  readonly handler: string;
  readonly architecture: string;
  /** MiB. */
  readonly memory: number;
  /** Seconds. */
  readonly timeout: number;
  readonly code: { readonly bucket: string; readonly key: string; readonly sha256Base64: string };
  /** Of the function, and so of the version: which release it is. */
  readonly description: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly secretArns: readonly string[];
}

/** Longest name of a function. */
const FUNCTION_NAME = 64;

export const functionName = (scope: Scope, service: string): string =>
  cloudName(FUNCTION_NAME, scope.application, scope.environment, service);

const unusable = (service: string, reason: string, got: string): Error =>
  badInput('the function cannot be declared', [
    { path: `services.${service}`, reason, got, allowed: 's3://bucket/service@sha256:<64 hex digits>' },
  ]);

/** Lambda injects no secrets: the function gets their references, `<NAME>_SECRET=<ARN>:<version>`, and may read them. */
const variablesOf = ({ service, version, deployment, definition }: LambdaServicePlanArgs) =>
  Object.fromEntries(
    Object.entries({
      ...definition.environment,
      ...Object.fromEntries(
        Object.entries(definition.secrets).map(([name, s]) => [`${name}_SECRET`, `${s.arn}:${s.version}`]),
      ),
      SLUICE_SERVICE: service,
      SLUICE_VERSION: version,
      SLUICE_DEPLOYMENT: deployment,
    }).sort(([a], [b]) => (a < b ? -1 : 1)),
  );

export const planLambdaService = (args: LambdaServicePlanArgs): LambdaServicePlan => {
  const { scope, service, version, deployment, definition } = args;
  const settings = definition.function;
  if (settings === undefined) throw unusable(service, 'was frozen as a container, not as a function', '');
  const artifact = artifactOf(definition.image);
  if (artifact === undefined) throw unusable(service, 'names no artifact', definition.image);
  const parts = [scope.application, scope.environment, service];
  return {
    names: {
      function: functionName(scope, service),
      role: cloudName(LIMITS.role, ...parts, 'function'),
      logGroup: `/sluice/${scope.application}/${scope.environment}/${service}`,
    },
    runtime: settings.runtime,
    handler: settings.handler,
    architecture: settings.architecture,
    memory: definition.memory,
    timeout: settings.timeout / 1000,
    code: {
      bucket: artifact.bucket,
      key: artifact.key,
      sha256Base64: Buffer.from(artifact.sha256, 'hex').toString('base64'),
    },
    description: `${version} ${deployment}`,
    variables: variablesOf(args),
    secretArns: [...new Set(Object.values(definition.secrets).map((s) => s.arn))].sort(),
  };
};
