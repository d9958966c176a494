import {
  arn,
  balancerArns,
  boundaryArn,
  bucketArn,
  bucketNames,
  clusterName,
  functionArns,
  roleTaker,
  serviceRoles,
  tagged,
  type Ground,
} from './names.ts';
import { logGroups } from './look.ts';
import { actions, allow, type Statement } from './statement.ts';

/** Of the condition `Null`: the key is there. */
const PRESENT = 'false';

/** Network: EC2 knows things by ids, so what is new must bring the tags, and what is there must have them. */
const networkStatements = (ground: Ground): Statement[] => {
  const make = actions(
    'ec2',
    'AllocateAddress CreateInternetGateway CreateNatGateway CreateRouteTable CreateSecurityGroup CreateSubnet CreateVpc ' +
      'AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress',
  );
  const change = actions(
    'ec2',
    'AssociateAddress AssociateRouteTable AttachInternetGateway CreateRoute CreateTags DeleteInternetGateway ' +
      'DeleteNatGateway DeleteRoute DeleteRouteTable DeleteSecurityGroup DeleteSubnet DeleteTags DeleteVpc ' +
      'DetachInternetGateway DisassociateAddress DisassociateRouteTable ModifySecurityGroupRules ModifySubnetAttribute ' +
      'ModifyVpcAttribute ReleaseAddress ReplaceRoute ReplaceRouteTableAssociation RevokeSecurityGroupEgress ' +
      'RevokeSecurityGroupIngress',
  );
  const own = tagged(ground, 'ResourceTag');
  return [
    allow('MakeNetwork', make, ['*'], { StringEquals: tagged(ground, 'RequestTag') }),
    // Also as a part of making something in it.
    allow('ChangeNetwork', [...make, ...change], ['*'], { StringEquals: own }),
    // Tags only while a thing is made: whoever could tag anything could make it theirs.
    allow('TagNew', ['ec2:CreateTags'], ['*'], {
      StringEquals: tagged(ground, 'RequestTag'),
      Null: { 'ec2:CreateAction': PRESENT },
    }),
  ];
};

const balancerStatements = (ground: Ground): Statement[] => {
  const { groups, balancers, listeners, rules } = balancerArns(ground);
  const elb = (words: string): string[] => actions('elasticloadbalancing', words);
  const statements = [
    allow(
      'Groups',
      elb(
        'AddTags CreateTargetGroup DeleteTargetGroup ModifyTargetGroup ModifyTargetGroupAttributes RemoveTags',
      ),
      groups,
    ),
    allow('NewRules', elb('CreateRule'), listeners),
  ];
  if (balancers.length > 0)
    return [
      ...statements,
      allow(
        'Balancer',
        elb(
          'AddTags CreateListener CreateLoadBalancer DeleteListener DeleteLoadBalancer ModifyListener ' +
            'ModifyLoadBalancerAttributes RemoveTags SetSecurityGroups SetSubnets',
        ),
        [...balancers, ...listeners],
      ),
      allow('Rules', elb('AddTags DeleteRule ModifyRule RemoveTags SetRulePriorities'), rules),
    ];
  // Others have rules on it too: theirs are not tagged like ours.
  return [
    ...statements,
    allow('TagRules', elb('AddTags'), rules, {
      StringEquals: tagged(ground, 'RequestTag'),
      Null: { 'elasticloadbalancing:CreateAction': PRESENT },
    }),
    allow('Rules', elb('AddTags DeleteRule ModifyRule RemoveTags'), rules, {
      StringEquals: tagged(ground, 'ResourceTag'),
    }),
  ];
};

/** Roles of services, and where they write their logs. */
const roleStatements = (ground: Ground): Statement[] => {
  const roles = serviceRoles(ground);
  return [
    allow('PassRoles', ['iam:PassRole'], roles, {
      StringEquals: { 'iam:PassedToService': roleTaker(ground) },
    }),
    // Whoever makes roles could make an administrator: none without the boundary, and nobody here may change that.
    allow('BoundRoles', actions('iam', 'CreateRole DeleteRolePolicy PutRolePolicy'), roles, {
      StringEquals: { 'iam:PermissionsBoundary': boundaryArn(ground) },
    }),
    allow(
      'Roles',
      actions(
        'iam',
        'DeleteRole ListInstanceProfilesForRole TagRole UntagRole UpdateAssumeRolePolicy UpdateRole',
      ),
      roles,
    ),
    allow(
      'LogGroups',
      actions('logs', 'CreateLogGroup DeleteLogGroup PutRetentionPolicy TagResource UntagResource'),
      [logGroups(ground)],
    ),
  ];
};

/** Functions: made from an archive, published, and shared out by an alias. */
const functionStatements = (ground: Ground): Statement[] => [
  allow(
    'Functions',
    actions(
      'lambda',
      'CreateAlias CreateFunction DeleteAlias DeleteFunction PublishVersion TagResource UntagResource UpdateAlias ' +
        'UpdateFunctionCode UpdateFunctionConfiguration',
    ),
    functionArns(ground),
  ),
  ...roleStatements(ground),
];

const serviceStatements = (ground: Ground): Statement[] => {
  const cluster = clusterName(ground);
  const { application, environment } = ground.app;
  const definitions = arn(ground, 'ecs', `task-definition/${application}-${environment}-*`);
  return [
    allow('Services', actions('ecs', 'CreateService DeleteService TagResource UntagResource UpdateService'), [
      arn(ground, 'ecs', `service/${cluster}/*`),
    ]),
    allow('Definitions', actions('ecs', 'RegisterTaskDefinition TagResource UntagResource'), [definitions]),
    // AWS knows no narrower resource: a definition that is deregistered still runs, and can be registered again.
    allow('Deregister', ['ecs:DeregisterTaskDefinition'], ['*']),
    ...(ground.app.cluster.existing === undefined
      ? [
          allow(
            'Cluster',
            actions(
              'ecs',
              'CreateCluster DeleteCluster PutClusterCapacityProviders TagResource UntagResource UpdateCluster UpdateClusterSettings',
            ),
            [arn(ground, 'ecs', `cluster/${cluster}`)],
          ),
        ]
      : []),
    ...roleStatements(ground),
    allow('Discovery', actions('servicediscovery', 'CreateHttpNamespace TagResource'), ['*'], {
      StringEquals: tagged(ground, 'RequestTag'),
    }),
    allow(
      'OwnDiscovery',
      actions('servicediscovery', 'DeleteNamespace UntagResource UpdateHttpNamespace'),
      ['*'],
      { StringEquals: tagged(ground, 'ResourceTag') },
    ),
  ];
};

const addressStatements = (ground: Ground): Statement[] => {
  const { loadBalancer, url } = ground.app;
  if (loadBalancer.kind === 'existing') return [];
  const host = new URL(url).hostname;
  const statements: Statement[] = [];
  if (loadBalancer.certificateArn === undefined)
    statements.push(
      allow('Certificate', ['acm:RequestCertificate'], ['*'], {
        StringEquals: tagged(ground, 'RequestTag'),
      }),
      // Somebody else's has other tags.
      allow(
        'OwnCertificate',
        actions('acm', 'AddTagsToCertificate DeleteCertificate UpdateCertificateOptions'),
        ['*'],
        { StringEquals: tagged(ground, 'ResourceTag') },
      ),
    );
  if (loadBalancer.zoneId !== undefined)
    statements.push(
      allow(
        'Names',
        ['route53:ChangeResourceRecordSets'],
        [`arn:aws:route53:::hostedzone/${loadBalancer.zoneId}`],
        {
          'ForAllValues:StringLike': {
            'route53:ChangeResourceRecordSetsNormalizedRecordNames': [host, `_*.${host}`],
          },
        },
      ),
    );
  return statements;
};

const bucketStatements = (ground: Ground): Statement[] => {
  const names = bucketNames(ground);
  return [
    allow(
      'Buckets',
      actions(
        's3',
        'CreateBucket PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy ' +
          'PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning PutEncryptionConfiguration PutLifecycleConfiguration',
      ),
      Object.values(names).map((name) => bucketArn(name)),
    ),
    allow('KeepReleases', actions('s3', 'PutObject PutObjectTagging'), [
      bucketArn(names.record, 'releases/*'),
    ]),
  ];
};

/** What `pulumi up` of the application's stack changes, in two parts: AWS limits a policy's length. */
export const changeNetwork = (ground: Ground): Statement[] =>
  ground.app.target.kind === 'ecs'
    ? [...networkStatements(ground), ...balancerStatements(ground), ...addressStatements(ground)]
    : [];

export const changeServices = (ground: Ground): Statement[] => {
  const { kind } = ground.app.target;
  const services =
    kind === 'ecs' ? serviceStatements(ground) : kind === 'lambda' ? functionStatements(ground) : [];
  return [...services, ...bucketStatements(ground)];
};
