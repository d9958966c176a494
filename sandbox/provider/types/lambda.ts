import type { AliasSpec, Functions, FunctionSpec, Version } from '../../cloud/lambda/functions.ts';
import { inRange } from '../check.ts';
import type { CheckFailure, Props } from '../contract.ts';
import { iam, type Handler } from '../handler.ts';
import type { Identity } from '../identity.ts';
import { isObject, number, object, text, texts } from '../values.ts';

/** Functions and aliases of Lambda; a change of a function with `publish` is a new version. */

const NAME = /^[a-zA-Z0-9-_]{1,64}$/;

const variablesOf = (inputs: Props): Record<string, string> =>
  Object.fromEntries(
    Object.entries(object(object(inputs, 'environment') ?? {}, 'variables') ?? {}).map(([k, v]) => [
      k,
      String(v),
    ]),
  );

const specOf = (inputs: Props): FunctionSpec => ({
  runtime: text(inputs, 'runtime') ?? '',
  handler: text(inputs, 'handler') ?? '',
  architecture: texts(inputs, 'architectures')[0] ?? 'x86_64',
  memory: number(inputs, 'memorySize') ?? 128,
  timeout: number(inputs, 'timeout') ?? 3,
  role: text(inputs, 'role') ?? '',
  description: text(inputs, 'description') ?? '',
  variables: variablesOf(inputs),
  bucket: text(inputs, 's3Bucket') ?? '',
  key: text(inputs, 's3Key') ?? '',
});

const functionFailures = (inputs: Props): CheckFailure[] => {
  const name = text(inputs, 'name');
  const wrongName = name !== undefined && !NAME.test(name);
  const runtime = text(inputs, 'runtime');
  const wrongRuntime = runtime !== undefined && !runtime.startsWith('nodejs');
  return [
    ...(wrongName ? [{ property: 'name', reason: `'${name}': allowed are letters, digits, - and _` }] : []),
    ...(wrongRuntime
      ? [{ property: 'runtime', reason: `the sandbox runs nodejs only, got ${runtime}` }]
      : []),
    ...inRange('memorySize', number(inputs, 'memorySize'), 128, 10_240),
    ...inRange('timeout', number(inputs, 'timeout'), 1, 900),
  ];
};

const ACTIONS = iam(
  'lambda',
  'CreateFunction GetFunction PublishVersion TagResource',
  'GetFunction ListVersionsByFunction',
  'UpdateFunctionCode UpdateFunctionConfiguration PublishVersion TagResource UntagResource',
  'DeleteFunction',
);

const outputsOf = (inputs: Props, arn: string, published: Version): Props => ({
  ...inputs,
  arn,
  version: published.number,
  qualifiedArn: `${arn}:${published.number}`,
  codeSha256: published.codeSha256,
  sourceCodeSize: published.codeSize,
  lastModified: '',
});

export const lambdaFunction = (functions: Functions, ids: Identity): Handler => {
  const settled = (inputs: Props, latest: Version): Props => {
    const name = text(inputs, 'name') ?? '';
    const published = inputs['publish'] === true ? functions.publish(name) : latest;
    return outputsOf(inputs, ids.arn('lambda', `function:${name}`), published);
  };
  return {
    autoName: { property: 'name', max: 64 },
    required: ['role'],
    replaces: ['name', 'packageType'],
    actions: {
      ...ACTIONS,
      create: [...ACTIONS.create, 'iam:PassRole'],
      update: [...ACTIONS.update, 'iam:PassRole'],
    },
    validate: functionFailures,
    create: async (inputs) => {
      const name = text(inputs, 'name') ?? '';
      return { id: name, outputs: settled(inputs, await functions.create(name, specOf(inputs))) };
    },
    update: async (news, { id, olds }) => {
      const same = JSON.stringify(specOf(news)) === JSON.stringify(specOf(olds));
      const latest = same ? functions.version(id, undefined) : await functions.update(id, specOf(news));
      return settled(news, latest);
    },
    delete: async ({ id }) => {
      if (functions.exists(id)) await functions.delete(id);
    },
    read: ({ id, inputs, outputs }) => ({ id: functions.exists(id) ? id : '', inputs, outputs }),
  };
};

const aliasSpec = (inputs: Props): AliasSpec => {
  const weights = object(object(inputs, 'routingConfig') ?? {}, 'additionalVersionWeights') ?? {};
  return {
    version: text(inputs, 'functionVersion') ?? '',
    additional: Object.fromEntries(Object.entries(weights).map(([k, v]) => [k, Number(v)])),
    description: text(inputs, 'description') ?? '',
  };
};

/** A function is named or given by its ARN. */
const functionOf = (inputs: Props): string => text(inputs, 'functionName')?.split(':').at(-1) ?? '';

const aliasFailures = (inputs: Props): CheckFailure[] => {
  const weights = object(object(inputs, 'routingConfig') ?? {}, 'additionalVersionWeights');
  return isObject(weights) && Object.keys(weights).length > 1
    ? [
        {
          property: 'routingConfig.additionalVersionWeights',
          reason: 'an alias takes one additional version',
        },
      ]
    : [];
};

export const lambdaAlias = (functions: Functions, ids: Identity): Handler => {
  const set = (inputs: Props): Props => {
    const [name, alias] = [functionOf(inputs), text(inputs, 'name') ?? ''];
    functions.setAlias(name, alias, aliasSpec(inputs));
    return { ...inputs, arn: ids.arn('lambda', `function:${name}:${alias}`) };
  };
  return {
    required: ['functionName', 'functionVersion', 'name'],
    replaces: ['functionName', 'name'],
    actions: iam('lambda', 'CreateAlias', 'GetAlias', 'UpdateAlias', 'DeleteAlias'),
    validate: aliasFailures,
    create: (inputs) => {
      const outputs = set(inputs);
      return { id: String(outputs['arn']), outputs };
    },
    update: (news) => set(news),
    delete: ({ outputs }) => functions.deleteAlias(functionOf(outputs), text(outputs, 'name') ?? ''),
  };
};
