import {
  arn,
  bucketArn,
  bucketNames,
  clusterName,
  ecrArns,
  secretArns,
  serviceRoles,
  tagged,
  type Ground,
} from './names.ts';
import { actions, allow, type Statement } from './statement.ts';

/** What a preview, a refresh or a look at what is live asks for. Changes nothing, and sees no secret's value. */
export const lookStatements = (ground: Ground): Statement[] => {
  const { app } = ground;
  const buckets = Object.values(bucketNames(ground));
  const ecr = ecrArns(ground);
  return [
    // AWS knows no narrower resource for these: they list, and give no content away.
    allow(
      'Look',
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
        'logs:DescribeLogGroups',
        'route53:GetChange',
        'servicediscovery:GetOperation',
      ],
      ['*'],
    ),
    allow(
      'LookAtServices',
      actions('ecs', 'DescribeClusters DescribeServiceDeployments DescribeServices DescribeTasks'),
      [
        arn(ground, 'ecs', `cluster/${clusterName(ground)}`),
        arn(ground, 'ecs', `service/${clusterName(ground)}/*`),
        arn(ground, 'ecs', `service-deployment/${clusterName(ground)}/*`),
        arn(ground, 'ecs', `task/${clusterName(ground)}/*`),
      ],
    ),
    // ListServices has the container instance as its resource, and the cluster in a condition.
    allow('ListServices', ['ecs:ListServices'], ['*'], {
      ArnEquals: { 'ecs:cluster': arn(ground, 'ecs', `cluster/${clusterName(ground)}`) },
    }),
    allow(
      'LookAtRoles',
      actions('iam', 'GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies'),
      serviceRoles(ground),
    ),
    allow('LookAtLogs', ['logs:ListTagsForResource'], [logGroups(ground)]),
    allow(
      'LookAtTagged',
      [
        ...actions('acm', 'DescribeCertificate ListTagsForCertificate'),
        ...actions('servicediscovery', 'GetNamespace ListTagsForResource'),
      ],
      ['*'],
      {
        StringEquals: tagged(ground, 'ResourceTag'),
      },
    ),
    ...(app.loadBalancer.kind === 'new' && app.loadBalancer.zoneId !== undefined
      ? [
          allow('LookAtNames', actions('route53', 'GetHostedZone ListResourceRecordSets'), [
            `arn:aws:route53:::hostedzone/${app.loadBalancer.zoneId}`,
          ]),
        ]
      : []),
    allow(
      'LookAtBuckets',
      actions(
        's3',
        'GetBucketLocation GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy ' +
          'GetBucketPublicAccessBlock GetBucketTagging GetBucketVersioning GetEncryptionConfiguration ' +
          'GetLifecycleConfiguration ListBucket',
      ),
      buckets.map((b) => bucketArn(b)),
    ),
    allow('ReadRecords', actions('s3', 'GetObject GetObjectTagging'), [
      bucketArn(bucketNames(ground).record, '*'),
      bucketArn(bucketNames(ground).lease, '*'),
    ]),
    allow(
      'LookAtSecrets',
      actions('secretsmanager', 'DescribeSecret ListSecretVersionIds'),
      secretArns(ground, Object.keys(app.secrets)),
    ),
    ...(ecr.length === 0 ? [] : [allow('LookAtImages', ['ecr:DescribeImages'], ecr)]),
  ];
};

export const logGroups = (ground: Ground): string =>
  arn(ground, 'logs', `log-group:/sluice/${ground.app.application}/${ground.app.environment}/*`);
