import {
  arn,
  bucketArn,
  bucketNames,
  clusterName,
  ecrArns,
  functionArns,
  secretArns,
  serviceRoles,
  tagged,
  type Ground,
} from './names.ts';
import { actions, allow, type Statement } from './statement.ts';

/** Network, load balancer, cluster and addresses of containers. */
const lookAtContainers = (ground: Ground): Statement[] => {
  const { app } = ground;
  const cluster = clusterName(ground);
  const ecr = ecrArns(ground);
  const ecs = (resource: string): string => arn(ground, 'ecs', resource);
  return [
    // AWS knows no narrower resource for these: they list, and give no content away.
    allow(
      'LookAround',
      [
        ...actions(
          'ec2',
          'DescribeAddresses DescribeAddressesAttribute DescribeAvailabilityZones DescribeInternetGateways ' +
            'DescribeNatGateways DescribeNetworkAcls DescribeNetworkInterfaces DescribeRouteTables ' +
            'DescribeSecurityGroupRules DescribeSecurityGroups DescribeSubnets DescribeVpcAttribute DescribeVpcs',
        ),
        ...actions(
          'elasticloadbalancing',
          'DescribeListeners DescribeLoadBalancerAttributes DescribeLoadBalancers DescribeRules DescribeTags ' +
            'DescribeTargetGroupAttributes DescribeTargetGroups DescribeTargetHealth',
        ),
        'ecs:DescribeTaskDefinition',
        'route53:GetChange',
        'servicediscovery:GetOperation',
      ],
      ['*'],
    ),
    allow(
      'LookAtServices',
      actions('ecs', 'DescribeClusters DescribeServiceDeployments DescribeServices DescribeTasks'),
      [
        ecs(`cluster/${cluster}`),
        ...['service', 'service-deployment', 'task'].map((kind) => ecs(`${kind}/${cluster}/*`)),
      ],
    ),
    // ListServices has the container instance as its resource, and the cluster in a condition.
    allow('ListServices', ['ecs:ListServices'], ['*'], {
      ArnEquals: { 'ecs:cluster': ecs(`cluster/${cluster}`) },
    }),
    allow(
      'LookAtTagged',
      [
        ...actions('acm', 'DescribeCertificate ListTagsForCertificate'),
        ...actions('servicediscovery', 'GetNamespace ListTagsForResource'),
      ],
      ['*'],
      { StringEquals: tagged(ground, 'ResourceTag') },
    ),
    ...(app.loadBalancer.kind === 'new' && app.loadBalancer.zoneId !== undefined
      ? [
          allow('LookAtNames', actions('route53', 'GetHostedZone ListResourceRecordSets'), [
            `arn:aws:route53:::hostedzone/${app.loadBalancer.zoneId}`,
          ]),
        ]
      : []),
    ...(ecr.length === 0 ? [] : [allow('LookAtImages', ['ecr:DescribeImages'], ecr)]),
  ];
};

/** Functions, their versions and aliases, and the archives they are made from. */
const lookAtFunctions = (ground: Ground, artifacts: string): Statement[] => [
  allow(
    'LookAtFunctions',
    actions('lambda', 'GetAlias GetFunction GetFunctionConfiguration ListVersionsByFunction'),
    functionArns(ground),
  ),
  // The Cloud Control API has no resources of its own; it asks in the name of whoever asks it.
  allow('CloudControl', ['cloudformation:GetResource'], ['*']),
  allow('FindArtifacts', ['s3:ListBucket'], [bucketArn(artifacts)]),
  allow('ReadArtifacts', actions('s3', 'GetObject GetObjectTagging'), [bucketArn(artifacts, '*')]),
];

const lookAtTarget = (ground: Ground): Statement[] => {
  const { target } = ground.app;
  switch (target.kind) {
    case 'ecs':
      return lookAtContainers(ground);
    case 'lambda':
      return lookAtFunctions(ground, target.artifacts);
    case 'hosts':
      return [];
    default:
      return target satisfies never;
  }
};

/** What a preview, a refresh or a look at what is live asks for. Changes nothing, and sees no secret's value. */
export const lookStatements = (ground: Ground): Statement[] => {
  const names = bucketNames(ground);
  const roles = serviceRoles(ground);
  const secrets = secretArns(ground, Object.keys(ground.app.secrets));
  return [
    ...lookAtTarget(ground),
    ...(roles.length === 0
      ? []
      : [
          allow(
            'LookAtRoles',
            actions('iam', 'GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies'),
            roles,
          ),
          allow('ListLogs', ['logs:DescribeLogGroups'], ['*']),
          allow('LookAtLogs', ['logs:ListTagsForResource'], [logGroups(ground)]),
        ]),
    allow(
      'LookAtBuckets',
      actions(
        's3',
        'GetBucketLocation GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy ' +
          'GetBucketPublicAccessBlock GetBucketTagging GetBucketVersioning GetEncryptionConfiguration ' +
          'GetLifecycleConfiguration ListBucket',
      ),
      Object.values(names).map((name) => bucketArn(name)),
    ),
    allow('ReadRecords', actions('s3', 'GetObject GetObjectTagging'), [
      bucketArn(names.record, '*'),
      bucketArn(names.lease, '*'),
    ]),
    ...(secrets.length === 0
      ? []
      : [allow('LookAtSecrets', actions('secretsmanager', 'DescribeSecret ListSecretVersionIds'), secrets)]),
  ];
};

export const logGroups = (ground: Ground): string =>
  arn(ground, 'logs', `log-group:/sluice/${ground.app.application}/${ground.app.environment}/*`);
