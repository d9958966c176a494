import { CloudError } from '../cloud/options.ts';
import type { Registry } from '../cloud/registry.ts';
import type { Balancer } from '../cloud/balancer/balancer.ts';
import type { SecretStore } from '../cloud/secret-store.ts';
import type { InvokeResult, Props } from './contract.ts';
import { GITHUB_INVOKES } from './github-people.ts';
import type { Identity } from './identity.ts';
import { FUNCTION_INVOKES, type FunctionInvokeParts } from './lambda-invokes.ts';
import { objects, text, texts } from './values.ts';

export interface InvokeParts extends FunctionInvokeParts {
  readonly ids: Identity;
  readonly registry: Registry;
  readonly balancer: Balancer;
  readonly secrets: SecretStore;
}
type Answer = Props | string;
type Invoke = (args: Props, parts: InvokeParts) => Answer | Promise<Answer>;

const policyDocument: Invoke = (args) => {
  const statements = objects(args, 'statements').map((statement) => {
    const principals = objects(statement, 'principals');
    const conditions = objects(statement, 'conditions');
    const one = (values: string[]): string | string[] => (values.length === 1 ? (values[0] ?? '') : values);
    const grouped: Record<string, Record<string, unknown>> = {};
    for (const c of conditions) {
      const test = text(c, 'test') ?? '';
      grouped[test] = { ...grouped[test], [text(c, 'variable') ?? '']: one(texts(c, 'values')) };
    }
    return {
      ...(text(statement, 'sid') === undefined ? {} : { Sid: text(statement, 'sid') }),
      Effect: text(statement, 'effect') ?? 'Allow',
      ...(texts(statement, 'actions').length > 0 ? { Action: one(texts(statement, 'actions')) } : {}),
      ...(texts(statement, 'resources').length > 0 ? { Resource: one(texts(statement, 'resources')) } : {}),
      ...(principals.length > 0
        ? {
            Principal: Object.fromEntries(
              principals.map((p) => [text(p, 'type') ?? 'AWS', one(texts(p, 'identifiers'))]),
            ),
          }
        : {}),
      ...(conditions.length > 0 ? { Condition: grouped } : {}),
    };
  });
  const document = { Version: '2012-10-17', Statement: statements };
  return {
    ...args,
    id: 'policy',
    json: JSON.stringify(document, undefined, 2),
    minifiedJson: JSON.stringify(document),
  };
};

const listenerRule: Invoke = (args, { balancer }) => {
  const arn = text(args, 'arn') ?? '';
  const rule = balancer.findRule(arn);
  if (rule === undefined) return `no listener rule ${arn}`;
  const { action, priority } = rule.spec;
  const actions =
    action.kind === 'forward'
      ? [
          {
            type: 'forward',
            order: 1,
            forwards: [{ targetGroups: action.groups.map((g) => ({ ...g })), stickinesses: [] }],
          },
        ]
      : [{ type: action.kind === 'fixed' ? 'fixed-response' : 'redirect', order: 1 }];
  return { id: arn, arn, listenerArn: rule.listener, priority, actions, conditions: [], tags: {} };
};

const ecrImage: Invoke = (args, { ids, registry }) => {
  const name = text(args, 'repositoryName') ?? '';
  const repository = `${ids.account}.dkr.ecr.${ids.region}.amazonaws.com/${name}`;
  const reference = text(args, 'imageDigest') ?? text(args, 'imageTag') ?? 'latest';
  const separator = reference.startsWith('sha256:') ? '@' : ':';
  const image =
    registry.find(`${repository}${separator}${reference}`) ??
    registry.find(`${name}${separator}${reference}`);
  if (image === undefined) return `no image ${name}${separator}${reference} in the registry`;
  return {
    ...args,
    id: image.digest,
    imageDigest: image.digest,
    imageTags: [],
    imageUri: `${repository}@${image.digest}`,
  };
};

const registryImage: Invoke = (args, { registry }) => {
  const name = text(args, 'name') ?? '';
  const image = registry.find(name);
  return image === undefined
    ? `no image ${name} in the registry`
    : { id: image.digest, name, sha256Digest: image.digest };
};

/** Versions without values, as the data source has them. */
const secretVersions: Invoke = (args, { secrets }) => {
  const name = text(args, 'secretId') ?? '';
  const secret = secrets.describe(name);
  if (secret === undefined) return `no secret ${name}`;
  const versions = [
    { versionId: secret.version, versionStages: ['AWSCURRENT'], createdTime: '', lastAccessedDate: '' },
  ];
  return {
    ...args,
    id: secret.arn,
    arn: secret.arn,
    secretArn: secret.arn,
    name,
    secretName: name,
    versions,
  };
};

const ZONES = ['a', 'b', 'c'];

const INVOKES: Readonly<Record<string, Invoke>> = {
  'aws:index/getCallerIdentity:getCallerIdentity': (_, { ids }) => ({
    id: ids.account,
    accountId: ids.account,
    arn: ids.globalArn('iam', 'user/sandbox'),
    userId: 'AIDASANDBOX',
  }),
  'aws:index/getRegion:getRegion': (_, { ids }) => ({
    id: ids.region,
    name: ids.region,
    region: ids.region,
    description: 'The sandbox',
    endpoint: `ec2.${ids.region}.amazonaws.com`,
  }),
  'aws:index/getPartition:getPartition': () => ({
    id: 'aws',
    partition: 'aws',
    dnsSuffix: 'amazonaws.com',
    reverseDnsPrefix: 'com.amazonaws',
  }),
  'aws:index/getAvailabilityZones:getAvailabilityZones': (_, { ids }) => ({
    id: ids.region,
    names: ZONES.map((zone) => `${ids.region}${zone}`),
    zoneIds: ZONES.map((_, i) => `sbx1-az${i + 1}`),
    groupNames: [ids.region],
  }),
  'aws:iam/getPolicyDocument:getPolicyDocument': policyDocument,
  'aws:lb/getListenerRule:getListenerRule': listenerRule,
  'aws:ecr/getImage:getImage': ecrImage,
  'aws:secretsmanager/getSecretVersions:getSecretVersions': secretVersions,
  'docker:index/getRegistryImage:getRegistryImage': registryImage,
  ...FUNCTION_INVOKES,
  ...GITHUB_INVOKES,
};

/** What the cloud refuses is a failure of the data source. */
const answered = async (known: Invoke, args: Props, parts: InvokeParts): Promise<Answer> => {
  try {
    return await known(args, parts);
  } catch (error) {
    if (error instanceof CloudError) return error.message;
    throw error;
  }
};

/** Answers a data source; one that the sandbox does not know is a failure that names those it knows. */
export const invoke = async (token: string, args: Props, parts: InvokeParts): Promise<InvokeResult> => {
  const known = INVOKES[token];
  const answer =
    known === undefined
      ? `the sandbox does not know ${token}; it knows ${Object.keys(INVOKES).join(', ')}`
      : await answered(known, args, parts);
  return typeof answer === 'string'
    ? { result: {}, failures: [{ property: '', reason: answer }] }
    : { result: answer, failures: [] };
};
