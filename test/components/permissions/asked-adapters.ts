import type { JobKind } from '../../../config/github.ts';
import type { Deployed } from '../../../config/github.types.ts';
import { ACTIONS_BY_PORT, STATE_BACKEND } from '../../../release/adapters/aws/actions.ts';
import type { Request } from './evaluate.ts';
import { ACCOUNT, REGION, type World } from './ground.ts';
import { namesOf, type Names } from './asked-types.ts';

type Port = keyof typeof ACTIONS_BY_PORT;

/** What the commands of each kind of job reach the world through. */
const PORTS: Readonly<Record<JobKind, readonly Port[]>> = {
  deploy: ['traffic', 'prober', 'metrics', 'images', 'secrets', 'tasks', 'objects', 'backups'],
  rollback: ['traffic', 'prober', 'metrics', 'secrets', 'tasks', 'objects', 'backups'],
  tidy: ['traffic', 'prober', 'metrics', 'objects'],
  backup: ['secrets', 'tasks', 'objects', 'backups'],
  drift: [],
  preview: [],
};

const arn = (service: string, resource: string): string =>
  `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;

interface Around {
  readonly names: Names;
  readonly record: string;
  readonly lease: string;
  readonly backup: string;
  readonly secret: string;
}

/** Action → what it is asked for on; every action that a port declares must stand here. */
const asked = (
  action: string,
  { names, record, lease, backup, secret }: Around,
): readonly Omit<Request, 'action'>[] => {
  const on = (...resources: string[]) => resources.map((resource) => ({ resource, context: {} }));
  const cluster = { 'ecs:cluster': arn('ecs', `cluster/${names.cluster}`) };
  const s3 = (bucket: string, keys: string): string => `arn:aws:s3:::${bucket}/${keys}`;
  const definition = arn('ecs', `task-definition/azora-${names.environment}-green-api-gateway:8`);
  const passed = { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' };
  const table: Readonly<Record<string, readonly Omit<Request, 'action'>[]>> = {
    'elasticloadbalancing:DescribeRules': on('*'),
    'elasticloadbalancing:ModifyRule': on(
      arn('elasticloadbalancing', `listener-rule/${names.balancer}/f2/96`),
    ),
    'elasticloadbalancing:DescribeTargetHealth': on('*'),
    'ecs:ListServices': [{ resource: '*', context: cluster }],
    'ecs:DescribeServices': on(arn('ecs', `service/${names.cluster}/blue-api-gateway`)),
    'cloudwatch:GetMetricData': on('*'),
    'ecr:DescribeImages': on(arn('ecr', 'repository/azora/api-gateway')),
    'secretsmanager:DescribeSecret': on(secret),
    'secretsmanager:GetSecretValue': on(secret),
    'ecs:RunTask': [{ resource: definition, context: cluster }],
    'ecs:DescribeTasks': on(arn('ecs', `task/${names.cluster}/0123`)),
    'ecs:StopTask': on(arn('ecs', `task/${names.cluster}/0123`)),
    'ecs:DescribeTaskDefinition': on('*'),
    'ecs:RegisterTaskDefinition': on(definition),
    'ecs:DeregisterTaskDefinition': on('*'),
    'iam:PassRole': [
      {
        resource: `arn:aws:iam::${ACCOUNT}:role/azora-${names.environment}-green-api-gateway-execution`,
        context: passed,
      },
    ],
    'logs:GetLogEvents': on(
      arn('logs', `log-group:/sluice/azora/${names.environment}/api-gateway:log-stream:green-1/app/0123`),
    ),
    's3:GetObject': on(
      s3(record, 'records/1.json'),
      s3(lease, 'leases/x.json'),
      s3(backup, 'prod/backup-1.sql.gz'),
    ),
    's3:PutObject': on(
      s3(record, 'records/x/1.json'),
      s3(lease, 'journals/x/1.json'),
      s3(lease, `open/${names.environment}/1`),
      s3(lease, 'leases/x.json'),
      s3(backup, 'prod/backup-1.sql.gz'),
    ),
    's3:DeleteObject': on(s3(lease, `open/${names.environment}/1`), s3(lease, 'leases/x.json')),
    's3:ListBucket': on(`arn:aws:s3:::${record}`, `arn:aws:s3:::${lease}`, `arn:aws:s3:::${backup}`),
    's3:AbortMultipartUpload': on(s3(backup, 'prod/backup-1.sql.gz')),
    's3:GetObjectVersion': on(s3(backup, 'prod/backup-1.sql.gz')),
    's3:PutObjectRetention': on(s3(backup, 'prod/backup-1.sql.gz')),
  };
  const found = table[action];
  if (found === undefined) throw new Error(`it is not said on what ${action} is asked for`);
  return found;
};

/** What a job of this kind asks AWS for, beside what its stack update does. */
export const adapterRequests = ({ apps }: World, deployed: Deployed, kind: JobKind): Request[] => {
  const app = apps[deployed];
  const names = namesOf(deployed);
  const around: Around = {
    names,
    record: app.buckets.record ?? `azora-${deployed}-record`,
    lease: app.buckets.lease ?? `azora-${deployed}-lease`,
    backup: app.buckets.backup ?? `azora-${deployed}-backup`,
    secret: arn(
      'secretsmanager',
      `secret:${deployed === 'production' ? 'PROD' : 'STAGING'}_DATABASE_URL-AbCdEf`,
    ),
  };
  const ports = PORTS[kind]
    .filter((port) => port !== 'tasks' || app.database?.runs === 'task')
    .filter((port) => port !== 'images' || app.images.registry === 'ecr');
  const actions = ports.flatMap((port): readonly string[] => ACTIONS_BY_PORT[port]);
  const writesBackups = PORTS[kind].includes('backups');
  return actions.flatMap((action) =>
    asked(action, around)
      // Only jobs that take or restore backups reach that bucket's objects.
      .filter(({ resource }) => writesBackups || !resource.startsWith(`arn:aws:s3:::${around.backup}/`))
      .map((request) => ({ action, ...request })),
  );
};

/** What Pulumi asks of the bucket with its state. */
export const stateRequests = (stack: string, use: 'look' | 'change'): Request[] => {
  const bucket = 'arn:aws:s3:::azora-pulumi-state';
  const objects = [
    `${bucket}/.pulumi/stacks/sluice/${stack}.json`,
    `${bucket}/.pulumi/stacks/sluice/${stack}.json.bak`,
    `${bucket}/.pulumi/history/sluice/${stack}/${stack}-1.history.json`,
    `${bucket}/.pulumi/locks/organization/sluice/${stack}/1.json`,
  ];
  const allowed: readonly string[] = use === 'look' ? ['s3:GetObject', 's3:ListBucket'] : STATE_BACKEND;
  return allowed.flatMap((action) =>
    (action === 's3:ListBucket' ? [bucket] : objects).map((resource) => ({ action, resource, context: {} })),
  );
};
