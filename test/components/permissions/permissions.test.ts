import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { JobKind } from '../../../config/github.ts';
import { DEPLOYED, type Deployed } from '../../../config/github.types.ts';
import { handlers, type HandlerParts } from '../../../sandbox/provider/handlers.ts';
import { INVOKE_ACTIONS } from '../../../sandbox/provider/invoke-actions.ts';
import { identity } from '../../../sandbox/provider/identity.ts';
import type { Props } from '../../../sandbox/provider/contract.ts';
import { invoke, type InvokeParts } from '../../../sandbox/provider/invokes.ts';
import { nameOf, stage } from '../../infra/cloud.ts';
import { adapterRequests, stateRequests } from './asked-adapters.ts';
import { namesOf, requestsFor, type Declared, type Operation } from './asked-types.ts';
import { DANGEROUS } from './dangerous.ts';
import { evaluate, type Request } from './evaluate.ts';
import { ACCOUNT, policiesOf, REGION, world, type World } from './ground.ts';

const ECR = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/azora/{service}`;

/** Everything that the program can declare at once: a name in DNS, images in ECR, database commands as tasks. */
const everything = (app: Props): void => {
  app['images'] = { repository: ECR, artifacts: 'build' };
  app['loadBalancer'] = { kind: 'new', zoneId: 'Z0123456789ABC' };
  (app['database'] as Props)['runs'] = 'task';
  (app['database'] as Props)['backup'] = { enabled: false };
  ((app['database'] as Props)['migrations'] as Props)['when'] = 'beforeTraffic';
};
const plain = (): void => undefined;

const NO_PARTS = { ids: identity(REGION, ACCOUNT), options: {}, command: {} } as unknown as HandlerParts;
const table = handlers(NO_PARTS);

/** What `pulumi up` of an environment declares. */
const declared = async (deployed: Deployed, edit: (app: Props) => void): Promise<Declared[]> => {
  const s = stage(deployed, (app) => {
    edit(app);
    // Everything in one update.
    app['rollout'] = 'direct';
  });
  s.config['sluice:version'] = 'v1.0.0';
  const known = s.cloud.invoke;
  s.cloud.invoke = (request) =>
    request.token === 'aws:ecr/getImage:getImage'
      ? Promise.resolve({ result: { imageDigest: `sha256:${'a'.repeat(64)}` }, failures: [] })
      : known(request);
  await s.up();
  return (await s.engine().exportState()).resources
    .filter((r) => r.custom && r.type.startsWith('aws:'))
    .map((r) => ({
      type: r.type,
      name: nameOf(r.urn),
      inputs: r.inputs,
      kept: r.protect || r.retainOnDelete,
    }));
};

interface Case {
  readonly world: World;
  readonly resources: Readonly<Record<Deployed, readonly Declared[]>>;
}
let cases: readonly (readonly [string, Case])[] = [];
beforeAll(async () => {
  const [mine, staging, production] = await Promise.all([
    declared('production', plain),
    declared('staging', everything),
    declared('production', everything),
  ]);
  cases = [
    ['Azora', { world: world(plain), resources: { staging: [], production: mine } }],
    ['everything that can be declared', { world: world(everything), resources: { staging, production } }],
  ];
});

const OPERATIONS: Readonly<Record<JobKind, readonly Operation[]>> = {
  deploy: ['create', 'read', 'update', 'delete'],
  rollback: ['create', 'read', 'update', 'delete'],
  tidy: ['create', 'read', 'update', 'delete'],
  backup: [],
  drift: ['read'],
  preview: ['read'],
};

/** Data sources that the program asks, by what they are asked for. */
const lookUps = (deployed: Deployed, ecr: boolean): Request[] =>
  Object.entries(INVOKE_ACTIONS)
    .filter(([token]) => !/^aws:(lambda|cloudcontrol|s3)/.test(token))
    .flatMap(([, actions]) => actions)
    .filter((action) => ecr || !action.startsWith('ecr:'))
    .map((action) => {
      const secret = `secret:${deployed === 'production' ? 'PROD' : 'STAGING'}_DATABASE_URL-AbCdEf`;
      const resource = action.startsWith('secretsmanager:')
        ? `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:${secret}`
        : action.startsWith('ecr:')
          ? `arn:aws:ecr:${REGION}:${ACCOUNT}:repository/azora/api-gateway`
          : '*';
      return { action, resource, context: {} };
    });

const show = ({ action, resource, context }: Request): string =>
  `${action} on ${resource} ${Object.keys(context).length === 0 ? '' : JSON.stringify(context)}`.trim();
const unique = (requests: readonly Request[]): Request[] => [
  ...new Map(requests.map((request) => [show(request), request])).values(),
];

const ask = ({ world: w, resources }: Case, deployed: Deployed, kind: JobKind): Request[] => {
  const operations = OPERATIONS[kind];
  const update = resources[deployed].flatMap((resource) =>
    operations
      .filter((operation) => operation !== 'delete' || !resource.kept)
      .flatMap((operation) =>
        (table.get(resource.type)?.actions[operation] ?? []).flatMap((action) =>
          requestsFor(resource, operation, action, namesOf(deployed)),
        ),
      ),
  );
  const stack = w.github.stacks[deployed];
  return unique([
    ...update,
    ...(operations.length === 0 ? [] : lookUps(deployed, w.apps[deployed].images.registry === 'ecr')),
    ...adapterRequests(w, deployed, kind),
    ...stateRequests(stack, operations.includes('update') ? 'change' : 'look'),
  ]);
};

/** What the jobs of a role ask AWS for, once each. */
const needed = (c: Case, deployed: Deployed, kind: JobKind): readonly Request[] => {
  const known = asked.get(c)?.get(`${deployed} ${kind}`);
  if (known !== undefined) return known;
  const made = ask(c, deployed, kind);
  asked.set(c, (asked.get(c) ?? new Map<string, readonly Request[]>()).set(`${deployed} ${kind}`, made));
  return made;
};
const asked = new Map<Case, Map<string, readonly Request[]>>();

const answers = (
  c: Case,
  deployed: Deployed,
  kind: JobKind,
  requests: readonly Request[],
  wrong: string,
): string[] => {
  const policies = policiesOf(c.world, deployed, kind);
  return requests.filter((r) => evaluate(policies, r) === wrong).map(show);
};

/** Kinds of job that the environment has a role for. */
const kindsOf = ({ world: w }: Case, deployed: Deployed): JobKind[] =>
  w.plan.roles.filter((r) => r.deployed === deployed).map((r) => r.kind);

const every = (see: (c: Case, deployed: Deployed, kind: JobKind) => string[]): Record<string, string[]> =>
  Object.fromEntries(
    cases
      .flatMap(([name, c]) =>
        DEPLOYED.flatMap((deployed) =>
          kindsOf(c, deployed).map(
            (kind) => [`${name}: ${deployed} ${kind}`, see(c, deployed, kind)] as const,
          ),
        ),
      )
      .filter(([, wrong]) => wrong.length > 0),
  );

describe('what a role needs', () => {
  it('is named by the handler of every type that the program declares', () => {
    const types = new Set(
      cases.flatMap(([, c]) => [...c.resources.staging, ...c.resources.production].map((r) => r.type)),
    );
    const unnamed = [...types].filter((type) => (table.get(type)?.actions.create.length ?? 0) === 0);
    expect(types.size).toBeGreaterThan(25);
    expect(unnamed).toEqual([]);
  });

  it('is named for every data source of AWS that the sandbox knows', async () => {
    const { failures } = await invoke('none', {}, {} as InvokeParts);
    const known = failures[0]?.reason.match(/aws:[\w/]+:\w+/g) ?? [];
    expect(known.length).toBeGreaterThan(5);
    expect(known.filter((token) => INVOKE_ACTIONS[token] === undefined)).toEqual([]);
  });

  it('is named by the S3 adapters for every call in them', () => {
    const STANDS_FOR: Readonly<Record<string, string>> = {
      HeadObject: 's3:GetObject',
      Upload: 's3:AbortMultipartUpload',
      ListObjectsV2: 's3:ListBucket',
    };
    const files = ['objects.ts', 'database/backup-store.ts'];
    const calls = files.flatMap((file) => {
      const source = readFileSync(join(import.meta.dirname, '../../../release/adapters', file), 'utf8');
      return [...source.matchAll(/new (\w+?)(?:Command)?\(|paginate(\w+)\(/g)].map((m) => m[1] ?? m[2] ?? '');
    });
    const actions = calls
      .filter((c) => !['Date', 'Error', 'Map', 'Set'].includes(c))
      .map((call) => STANDS_FOR[call] ?? `s3:${call}`);
    const declaredActions = new Set(
      adapterRequests(world(everything), 'production', 'deploy').map((r) => r.action),
    );
    expect(actions.length).toBeGreaterThan(6);
    expect(actions.filter((a) => !declaredActions.has(a))).toEqual([]);
  });

  it('is allowed: everything that its jobs ask for, in every environment', () => {
    const count = cases.flatMap(([, c]) => needed(c, 'production', 'deploy')).length;
    expect(count).toBeGreaterThan(600);
    expect(
      every((c, deployed, kind) => answers(c, deployed, kind, needed(c, deployed, kind), 'denied')),
    ).toEqual({});
  });
});

/** The same request about somebody else's things. */
const elsewhere = ({ action, resource, context }: Request, swap: (text: string) => string): Request => ({
  action,
  resource: swap(resource),
  context: Object.fromEntries(
    Object.entries(context).map(([key, value]) => [
      key,
      typeof value === 'string' ? swap(value) : value.map(swap),
    ]),
  ),
});
const otherApplication = (text: string): string =>
  text
    .replaceAll('azora', 'others')
    .replaceAll(/(PROD|STAGING)_/g, 'OTHERS_')
    .replaceAll('Z0123456789ABC', 'Z9999999999XYZ');
const otherEnvironment =
  (deployed: Deployed) =>
  (text: string): string => {
    const [from, to] = deployed === 'staging' ? ['staging', 'production'] : ['production', 'staging'];
    return text
      .replaceAll('azora-backups', 'azora-staging-backup')
      .replaceAll(from, to)
      .replaceAll('PROD_', 'X_')
      .replaceAll('STAGING_', 'PROD_')
      .replaceAll('X_', 'STAGING_');
  };

/** Actions that AWS lets nobody narrow: they list, or they say nothing, or nothing is lost by them. */
const UNBOUNDED =
  /^(ec2:Describe\w+|elasticloadbalancing:Describe\w+|ecs:(DescribeTaskDefinition|DeregisterTaskDefinition)|logs:DescribeLogGroups|route53:GetChange|servicediscovery:GetOperation|cloudwatch:GetMetricData)$/;

describe('what is not the application’s', () => {
  it('is denied: the same requests about another application', () => {
    const found = every((c, deployed, kind) => {
      const others = needed(c, deployed, kind)
        .filter((r) => !UNBOUNDED.test(r.action))
        .map((r) => elsewhere(r, otherApplication));
      return answers(c, deployed, kind, others, 'allowed');
    });
    expect(found).toEqual({});
  });

  it('is denied: the same requests about the other environment', () => {
    const found = every((c, deployed, kind) => {
      const others = needed(c, deployed, kind)
        .filter((r) => !UNBOUNDED.test(r.action))
        .map((r) => [r, elsewhere(r, otherEnvironment(deployed))] as const)
        // What both have: the bucket of the state, images that are promoted, the zone of their names.
        .filter(([r, other]) => show(r) !== show(other) && r.action !== 'route53:ListResourceRecordSets')
        .map(([, other]) => other);
      return answers(c, deployed, kind, others, 'allowed');
    });
    expect(found).toEqual({});
  });

  it('is never reached by a pattern wider than the application, but for what AWS cannot narrow', () => {
    for (const [, c] of cases)
      for (const deployed of DEPLOYED)
        for (const kind of kindsOf(c, deployed))
          for (const { Statement } of policiesOf(c.world, deployed, kind))
            for (const { Effect, Action, Resource, Condition } of Statement) {
              if (Effect === 'Deny' || Condition !== undefined) continue;
              if (![Resource].flat().includes('*')) continue;
              for (const action of [Action].flat())
                expect(UNBOUNDED.test(action) || action === 'ecr:GetAuthorizationToken', action).toBe(true);
            }
  });
});

describe('dangerous actions', () => {
  const listed = DANGEROUS.map(([action, resource, context = {}]) => ({ action, resource, context }));

  it.each(listed)('$action on $resource is denied to every role', ({ action, resource, context }) => {
    expect(
      every((c, deployed, kind) => answers(c, deployed, kind, [{ action, resource, context }], 'allowed')),
    ).toEqual({});
  });

  it('stay denied where somebody attaches a policy that allows everything', () => {
    const [, c] = cases[0] ?? [];
    if (c === undefined) throw new Error('no case');
    const all = { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' } as const] };
    const policies = [...policiesOf(c.world, 'production', 'deploy'), all];
    const asked = ['iam:CreateUser', 'sts:AssumeRole', 's3:DeleteBucket', 's3:BypassGovernanceRetention'];
    expect(
      asked.filter((action) => evaluate(policies, { action, resource: '*', context: {} }) === 'allowed'),
    ).toEqual([]);
  });
});

describe('a preview', () => {
  it('changes nothing and sees no secret', () => {
    const changing = /:(?!Describe|Get|List)/;
    for (const [, c] of cases)
      for (const deployed of DEPLOYED) {
        const allowed = policiesOf(c.world, deployed, 'preview')
          .flatMap((p) => p.Statement)
          .filter((s) => s.Effect === 'Allow')
          .flatMap((s) => [s.Action].flat());
        expect(allowed.filter((a) => changing.test(a))).toEqual([]);
        expect(allowed).not.toContain('secretsmanager:GetSecretValue');
        expect(
          answers(
            c,
            deployed,
            'preview',
            [
              {
                action: 's3:GetObject',
                resource: 'arn:aws:s3:::azora-backups/prod/backup-1.sql.gz',
                context: {},
              },
            ],
            'allowed',
          ),
        ).toEqual([]);
      }
  });
});
