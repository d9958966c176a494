import { beforeAll, expect, it } from 'vitest';
import { Buckets } from '../../../components/buckets.ts';
import { LambdaService } from '../../../components/lambda-service.ts';
import type { JobKind } from '../../../config/github.ts';
import { DEPLOYED, type Deployed } from '../../../config/github.types.ts';
import { ACTIONS_BY_PORT } from '../../../release/adapters/aws/actions.ts';
import { handlers, type HandlerParts } from '../../../sandbox/provider/handlers.ts';
import { identity } from '../../../sandbox/provider/identity.ts';
import { INVOKE_ACTIONS } from '../../../sandbox/provider/invoke-actions.ts';
import { D1, digest, service } from '../../support/releases.ts';
import { declared } from '../declared.ts';
import { namesOf, requestsFor, type Declared, type Operation } from './asked-types.ts';
import { evaluate, type Request } from './evaluate.ts';
import { ACCOUNT, policiesOf, REGION, world } from './ground.ts';

const table = handlers({
  ids: identity(REGION, ACCOUNT),
  options: {},
  command: {},
} as unknown as HandlerParts);

const parcel = world(undefined, (github) => Object.assign(github, { application: 'parcel' }), 'lambda');
const FUNCTION = (deployed: Deployed) =>
  `arn:aws:lambda:${REGION}:${ACCOUNT}:function:parcel-${deployed}-quote`;

/** What the program declares of a function, with the buckets around it. */
const program = async (environment: Deployed): Promise<Declared[]> => {
  const scope = { application: 'parcel', environment };
  const definition = service('quote', 1, {
    image: `s3://parcel-artifacts/quote@${digest(1)}`,
    function: {
      runtime: 'nodejs22.x',
      handler: 'index.handler',
      architecture: 'arm64',
      timeout: 3000,
      tests: [],
    },
  });
  const list = await declared(() => [
    new LambdaService('quote', {
      scope,
      service: 'quote',
      latest: { version: 'v1.2.0', deployment: D1, definition },
    }),
    new Buckets('buckets', { scope, settings: parcel.apps[environment].buckets, keepDaily: 86_400_000 }),
  ]);
  const alias = { type: 'aws:lambda/alias:Alias', name: 'alias', inputs: {}, kept: false };
  return [
    alias,
    ...list
      .filter((d) => d.type.startsWith('aws:'))
      // The memory cloud's id of a role is not its name, as AWS's is.
      .map((d) => ({
        type: d.type,
        name: d.name,
        inputs: d.type.endsWith(':RolePolicy') ? { role: `parcel-${environment}-quote-function` } : d.inputs,
        kept: d.protect,
      })),
  ];
};

let resources: Readonly<Record<Deployed, readonly Declared[]>>;
beforeAll(async () => {
  const [staging, production] = await Promise.all([program('staging'), program('production')]);
  resources = { staging, production };
});

/** Data sources of functions, and the calls of their adapters. */
const calls = (deployed: Deployed, kind: JobKind): Request[] => {
  const tokens = [
    'aws:cloudcontrol/getResource:getResource',
    'aws:lambda/getFunction:getFunction',
    'aws:s3/getObject:getObject',
  ];
  const looks = tokens.flatMap((token) => INVOKE_ACTIONS[token] ?? []);
  const acts =
    kind === 'preview' || kind === 'drift' ? [] : [...ACTIONS_BY_PORT.functions, 'cloudwatch:GetMetricData'];
  return [...looks, ...acts].map((action) => {
    const bucket = 'arn:aws:s3:::parcel-artifacts';
    const resource = action.startsWith('lambda:')
      ? `${FUNCTION(deployed)}:live`
      : action === 's3:ListBucket'
        ? bucket
        : action.startsWith('s3:')
          ? `${bucket}/quote/v1.2.0.json`
          : '*';
    return { action, resource, context: {} };
  });
};

const needed = (deployed: Deployed, kind: JobKind): Request[] => {
  const operations: readonly Operation[] =
    kind === 'preview' || kind === 'drift' ? ['read'] : ['create', 'read', 'update', 'delete'];
  const update = resources[deployed].flatMap((resource) =>
    operations
      .filter((operation) => operation !== 'delete' || !resource.kept)
      .flatMap((operation) =>
        (table.get(resource.type)?.actions[operation] ?? []).flatMap((action) =>
          requestsFor(resource, operation, action, namesOf(deployed, 'parcel')),
        ),
      ),
  );
  return [...update, ...calls(deployed, kind)];
};
const ending = (deployed: Deployed, kind: JobKind, requests: readonly Request[], wrong: string): string[] => {
  const policies = policiesOf(parcel, deployed, kind);
  return requests.filter((r) => evaluate(policies, r) === wrong).map((r) => `${r.action} on ${r.resource}`);
};

const KINDS = ['deploy', 'rollback', 'preview', 'drift'] as const;

it('jobs of an application of functions may do all that they ask for', () => {
  for (const deployed of DEPLOYED)
    for (const kind of KINDS) {
      const requests = needed(deployed, kind);
      expect(requests.length).toBeGreaterThan(20);
      expect(ending(deployed, kind, requests, 'denied'), `${deployed} ${kind}`).toEqual([]);
    }
});

it('and nothing of it to another application or environment', () => {
  const shared = /^(cloudwatch:GetMetricData|logs:DescribeLogGroups|cloudformation:GetResource)$/;
  for (const deployed of DEPLOYED)
    for (const kind of KINDS) {
      const other = deployed === 'staging' ? 'production' : 'staging';
      const own = needed(deployed, kind).filter((r) => !shared.test(r.action));
      const moved = (swap: (text: string) => string): Request[] =>
        own
          .map((r) => ({
            action: r.action,
            resource: swap(r.resource),
            context: JSON.parse(swap(JSON.stringify(r.context))) as Request['context'],
          }))
          // Artifacts are promoted: both environments read them.
          .filter((r) => !r.resource.startsWith('arn:aws:s3:::parcel-artifacts'));
      expect(
        ending(
          deployed,
          kind,
          moved((t) => t.replaceAll('parcel', 'others')),
          'allowed',
        ),
      ).toEqual([]);
      expect(
        ending(
          deployed,
          kind,
          moved((t) => t.replaceAll(deployed, other)),
          'allowed',
        ),
      ).toEqual([]);
    }
});

it('nor what containers need, nor what makes a function somebody else’s door', () => {
  const role = `arn:aws:iam::${ACCOUNT}:role/parcel-production-quote-function`;
  const dangerous: Request[] = [
    {
      action: 'ec2:CreateVpc',
      resource: '*',
      context: { 'aws:RequestTag/application': 'parcel', 'aws:RequestTag/environment': 'production' },
    },
    {
      action: 'ecs:CreateService',
      resource: `arn:aws:ecs:${REGION}:${ACCOUNT}:service/parcel-production/x`,
      context: {},
    },
    { action: 'iam:PassRole', resource: role, context: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    { action: 'iam:CreateRole', resource: role, context: {} },
    {
      action: 'iam:PutRolePolicy',
      resource: `arn:aws:iam::${ACCOUNT}:role/parcel-production-deploy`,
      context: { 'iam:PermissionsBoundary': namesOf('production', 'parcel').boundary },
    },
    { action: 'lambda:AddPermission', resource: FUNCTION('production'), context: {} },
    { action: 'lambda:CreateFunctionUrlConfig', resource: FUNCTION('production'), context: {} },
    { action: 's3:DeleteObject', resource: 'arn:aws:s3:::parcel-artifacts/quote/v1.2.0.json', context: {} },
  ];
  for (const kind of KINDS) expect(ending('production', kind, dangerous, 'allowed'), kind).toEqual([]);
  expect(
    ending(
      'production',
      'preview',
      [{ action: 'lambda:InvokeFunction', resource: FUNCTION('production'), context: {} }],
      'allowed',
    ),
  ).toEqual([]);
});
