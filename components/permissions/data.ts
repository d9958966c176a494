import {
  arn,
  bucketArn,
  bucketNames,
  clusterName,
  ecrArns,
  functionArns,
  secretArns,
  serviceRoles,
  type Ground,
} from './names.ts';
import { logGroups } from './look.ts';
import { actions, allow, deny, type Statement } from './statement.ts';

/** Records, which stay, and the lease with the journals of what runs, which go. */
export const recordStatements = (ground: Ground): Statement[] => {
  const { record, lease } = bucketNames(ground);
  return [
    allow('Records', ['s3:PutObject'], [bucketArn(record, '*'), bucketArn(lease, '*')]),
    allow('Markers', ['s3:DeleteObject'], [bucketArn(lease, '*')]),
  ];
};

/** Takes a backup, reads one back; never deletes or unlocks one. */
export const backupStatements = (ground: Ground): Statement[] => {
  const { backup } = bucketNames(ground);
  return [
    allow(
      'Backups',
      actions('s3', 'AbortMultipartUpload GetObject GetObjectVersion PutObject PutObjectRetention'),
      [bucketArn(backup, '*')],
    ),
  ];
};

/** Values that jobs themselves need: addresses of the database, and where messages go. Not those of services. */
export const secretStatements = (ground: Ground): Statement[] => {
  const { database, notifications } = ground.app;
  const names = [
    ...(database === undefined ? [] : [database.url]),
    ...(database?.backup.scratchUrl === undefined ? [] : [database.backup.scratchUrl]),
    ...notifications.map((n) => n.secret).filter((name) => Object.hasOwn(ground.app.secrets, name)),
  ];
  const arns = secretArns(ground, names);
  return arns.length === 0 ? [] : [allow('SecretValues', ['secretsmanager:GetSecretValue'], arns)];
};

/** Database commands inside the network, as one-off tasks. */
export const taskStatements = (ground: Ground): Statement[] => {
  if (ground.app.target.kind !== 'ecs' || ground.app.database?.runs !== 'task') return [];
  const cluster = arn(ground, 'ecs', `cluster/${clusterName(ground)}`);
  const { application, environment } = ground.app;
  const definitions = arn(ground, 'ecs', `task-definition/${application}-${environment}-*`);
  return [
    allow('RunTasks', ['ecs:RunTask'], [definitions], { ArnEquals: { 'ecs:cluster': cluster } }),
    allow('StopTasks', ['ecs:StopTask'], [arn(ground, 'ecs', `task/${clusterName(ground)}/*`)]),
    allow('TaskLogs', ['logs:GetLogEvents'], [`${logGroups(ground)}:log-stream:*`]),
    allow('TaskDefinitions', ['ecs:RegisterTaskDefinition'], [definitions]),
    allow('TaskDeregister', ['ecs:DeregisterTaskDefinition'], ['*']),
    allow('TaskRoles', ['iam:PassRole'], serviceRoles(ground), {
      StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
    }),
  ];
};

/** Weights by direct call: how a rollback moves traffic. Groups and rules are in `changeStatements`. */
export const watchStatements = (ground: Ground): Statement[] => {
  const { kind } = ground.app.target;
  // Hosts are watched by themselves.
  if (kind === 'hosts') return [];
  return [
    // AWS knows no narrower resource for metrics.
    allow('Metrics', ['cloudwatch:GetMetricData'], ['*']),
    // Payloads before traffic and behind the alias.
    ...(kind === 'lambda' ? [allow('Payloads', ['lambda:InvokeFunction'], functionArns(ground))] : []),
  ];
};

/** Where jobs build images, or pack archives. */
export const pushStatements = (ground: Ground): Statement[] => {
  const { target } = ground.app;
  if (target.kind === 'lambda') return [allow('Pack', ['s3:PutObject'], [bucketArn(target.artifacts, '*')])];
  const repositories = ecrArns(ground);
  if (repositories.length === 0) return [];
  return [
    allow('Login', ['ecr:GetAuthorizationToken'], ['*']),
    allow(
      'Push',
      actions(
        'ecr',
        'BatchCheckLayerAvailability BatchGetImage CompleteLayerUpload GetDownloadUrlForLayer InitiateLayerUpload PutImage UploadLayerPart',
      ),
      repositories,
    ),
  ];
};

/** Whatever else allows it, now or later: history stays, and nobody becomes somebody else. */
export const neverStatements = (ground: Ground): Statement[] => {
  const { backup, record } = bucketNames(ground);
  return [
    deny('NeverUnlock', actions('s3', 'BypassGovernanceRetention DeleteBucket DeleteObjectVersion'), ['*']),
    deny('NeverForget', ['s3:DeleteObject'], [bucketArn(backup, '*'), bucketArn(record, '*')]),
    deny(
      'NeverRise',
      [
        'sts:AssumeRole',
        ...actions(
          'iam',
          'AddUserToGroup AttachUserPolicy CreateAccessKey CreateLoginProfile CreatePolicyVersion CreateUser ' +
            'DeleteRolePermissionsBoundary PutRolePermissionsBoundary PutUserPolicy SetDefaultPolicyVersion UpdateLoginProfile',
        ),
      ],
      ['*'],
    ),
  ];
};
