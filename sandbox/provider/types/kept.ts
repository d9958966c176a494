import type { Props } from '../contract.ts';
import { iam, NO_ACTIONS, type Handler, type IamActions } from '../handler.ts';
import type { Identity } from '../identity.ts';
import { text } from '../values.ts';

/** A type that only keeps state: what it is called, what it answers, what makes it anew. */
interface Kept {
  /** Outputs beside the inputs; must hold what the id is taken from. */
  readonly outputs: (inputs: Props, ids: Identity, name: string) => Props;
  /** Output that is the id; `arn` unless said otherwise. */
  readonly id?: string;
  readonly replaces?: readonly string[];
  readonly autoName?: { readonly property: string; readonly max: number };
  readonly defaults?: Props;
  readonly required?: readonly string[];
  readonly actions?: IamActions;
}

/** `vpc-0123…`: an id by prefix, and the ARN that belongs to it. */
const ec2 = (prefix: string, kind: string, extra: (inputs: Props, ids: Identity) => Props = () => ({})) =>
  (inputs: Props, ids: Identity): Props => {
    const key = `${prefix}-${ids.hex(17)}`;
    return { key, arn: ids.arn('ec2', `${kind}/${key}`), ownerId: ids.account, ...extra(inputs, ids) };
  };

const crud = (service: string, noun: string): IamActions =>
  iam(service, `Create${noun}`, `Describe${noun}s`, `Modify${noun}`, `Delete${noun}`);

const named = (service: string, prefix: string, property = 'name') => (inputs: Props, ids: Identity): Props => ({
  arn: ids.arn(service, `${prefix}${text(inputs, property) ?? ''}`),
});

const NETWORK: Readonly<Record<string, Kept>> = {
  'aws:ec2/vpc:Vpc': {
    id: 'key',
    replaces: ['cidrBlock', 'instanceTenancy'],
    defaults: { enableDnsSupport: true, instanceTenancy: 'default' },
    outputs: ec2('vpc', 'vpc', (_, ids) => ({
      defaultSecurityGroupId: `sg-${ids.hex(17)}`,
      mainRouteTableId: `rtb-${ids.hex(17)}`,
      defaultRouteTableId: `rtb-${ids.hex(17)}`,
      defaultNetworkAclId: `acl-${ids.hex(17)}`,
    })),
    actions: crud('ec2', 'Vpc'),
  },
  'aws:ec2/subnet:Subnet': {
    id: 'key',
    required: ['vpcId'],
    replaces: ['vpcId', 'cidrBlock', 'availabilityZone'],
    outputs: ec2('subnet', 'subnet', () => ({ availabilityZoneId: 'sbx1-az1' })),
    actions: crud('ec2', 'Subnet'),
  },
  'aws:ec2/internetGateway:InternetGateway': { id: 'key', outputs: ec2('igw', 'internet-gateway'), actions: crud('ec2', 'InternetGateway') },
  'aws:ec2/natGateway:NatGateway': {
    id: 'key',
    required: ['subnetId'],
    replaces: ['subnetId', 'allocationId', 'connectivityType'],
    outputs: ec2('nat', 'natgateway', () => ({ publicIp: '203.0.113.10', privateIp: '10.0.0.10' })),
    actions: crud('ec2', 'NatGateway'),
  },
  'aws:ec2/eip:Eip': {
    id: 'key',
    outputs: ec2('eipalloc', 'elastic-ip', (_, ids) => ({ allocationId: `eipalloc-${ids.hex(17)}`, publicIp: '203.0.113.10' })),
    actions: iam('ec2', 'AllocateAddress', 'DescribeAddresses', 'AssociateAddress', 'ReleaseAddress'),
  },
  'aws:ec2/routeTable:RouteTable': { id: 'key', required: ['vpcId'], replaces: ['vpcId'], outputs: ec2('rtb', 'route-table'), actions: crud('ec2', 'RouteTable') },
  'aws:ec2/route:Route': {
    id: 'key',
    required: ['routeTableId'],
    replaces: ['routeTableId', 'destinationCidrBlock'],
    outputs: (_, ids) => ({ key: `r-rtb-${ids.hex(17)}`, state: 'active', origin: 'CreateRoute' }),
    actions: iam('ec2', 'CreateRoute', 'DescribeRouteTables', 'ReplaceRoute', 'DeleteRoute'),
  },
  'aws:ec2/routeTableAssociation:RouteTableAssociation': {
    id: 'key',
    replaces: ['subnetId', 'gatewayId'],
    outputs: (_, ids) => ({ key: `rtbassoc-${ids.hex(17)}` }),
    actions: iam('ec2', 'AssociateRouteTable', 'DescribeRouteTables', 'ReplaceRouteTableAssociation', 'DisassociateRouteTable'),
  },
  'aws:ec2/vpcEndpoint:VpcEndpoint': { id: 'key', required: ['vpcId', 'serviceName'], replaces: ['vpcId', 'serviceName'], outputs: ec2('vpce', 'vpc-endpoint'), actions: crud('ec2', 'VpcEndpoint') },
  'aws:ec2/securityGroup:SecurityGroup': {
    id: 'key',
    autoName: { property: 'name', max: 255 },
    defaults: { description: 'Managed by Pulumi' },
    replaces: ['name', 'namePrefix', 'description', 'vpcId'],
    outputs: ec2('sg', 'security-group'),
    actions: iam('ec2', 'CreateSecurityGroup CreateTags', 'DescribeSecurityGroups', 'AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress', 'DeleteSecurityGroup'),
  },
  'aws:ec2/securityGroupRule:SecurityGroupRule': {
    id: 'key',
    required: ['securityGroupId', 'type', 'protocol'],
    replaces: ['securityGroupId', 'type', 'protocol', 'fromPort', 'toPort', 'cidrBlocks', 'ipv6CidrBlocks', 'sourceSecurityGroupId', 'self'],
    outputs: (_, ids) => ({ key: `sgrule-${ids.hex(8)}`, securityGroupRuleId: `sgr-${ids.hex(17)}` }),
    actions: iam('ec2', 'AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress', 'DescribeSecurityGroups', 'UpdateSecurityGroupRuleDescriptionsIngress', 'RevokeSecurityGroupIngress RevokeSecurityGroupEgress'),
  },
  'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule': {
    id: 'key',
    required: ['securityGroupId', 'ipProtocol'],
    replaces: ['securityGroupId'],
    outputs: ec2('sgr', 'security-group-rule', () => ({})),
    actions: iam('ec2', 'AuthorizeSecurityGroupIngress CreateTags', 'DescribeSecurityGroupRules', 'ModifySecurityGroupRules', 'RevokeSecurityGroupIngress'),
  },
  'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule': {
    id: 'key',
    required: ['securityGroupId', 'ipProtocol'],
    replaces: ['securityGroupId'],
    outputs: ec2('sgr', 'security-group-rule', () => ({})),
    actions: iam('ec2', 'AuthorizeSecurityGroupEgress CreateTags', 'DescribeSecurityGroupRules', 'ModifySecurityGroupRules', 'RevokeSecurityGroupEgress'),
  },
};

const IDENTITY: Readonly<Record<string, Kept>> = {
  'aws:iam/role:Role': {
    id: 'name',
    autoName: { property: 'name', max: 64 },
    required: ['assumeRolePolicy'],
    defaults: { path: '/', maxSessionDuration: 3600, forceDetachPolicies: false },
    replaces: ['name', 'namePrefix', 'path'],
    outputs: (inputs, ids) => ({
      name: inputs['name'],
      arn: ids.globalArn('iam', `role${text(inputs, 'path') ?? '/'}${text(inputs, 'name') ?? ''}`),
      uniqueId: `AROA${ids.hex(17).toUpperCase()}`,
      createDate: new Date().toISOString(),
    }),
    actions: iam('iam', 'CreateRole TagRole', 'GetRole ListRolePolicies ListAttachedRolePolicies', 'UpdateRole UpdateAssumeRolePolicy TagRole UntagRole', 'DeleteRole ListInstanceProfilesForRole'),
  },
  'aws:iam/rolePolicy:RolePolicy': {
    id: 'key',
    autoName: { property: 'name', max: 128 },
    required: ['role', 'policy'],
    replaces: ['name', 'namePrefix', 'role'],
    outputs: (inputs) => ({ key: `${text(inputs, 'role') ?? ''}:${text(inputs, 'name') ?? ''}` }),
    actions: iam('iam', 'PutRolePolicy', 'GetRolePolicy', 'PutRolePolicy', 'DeleteRolePolicy'),
  },
  'aws:iam/rolePolicyAttachment:RolePolicyAttachment': {
    id: 'key',
    required: ['role', 'policyArn'],
    replaces: ['role', 'policyArn'],
    outputs: (inputs, ids) => ({ key: `${text(inputs, 'role') ?? ''}-${ids.hex(26)}` }),
    actions: iam('iam', 'AttachRolePolicy', 'ListAttachedRolePolicies', '', 'DetachRolePolicy'),
  },
  'aws:iam/policy:Policy': {
    autoName: { property: 'name', max: 128 },
    required: ['policy'],
    defaults: { path: '/' },
    replaces: ['name', 'namePrefix', 'path', 'description'],
    outputs: (inputs, ids) => ({
      arn: ids.globalArn('iam', `policy/${text(inputs, 'name') ?? ''}`),
      policyId: `ANPA${ids.hex(17).toUpperCase()}`,
    }),
    actions: iam('iam', 'CreatePolicy', 'GetPolicy GetPolicyVersion', 'CreatePolicyVersion DeletePolicyVersion', 'DeletePolicy ListPolicyVersions'),
  },
  'aws:iam/openIdConnectProvider:OpenIdConnectProvider': {
    required: ['clientIdLists', 'url'],
    replaces: ['url'],
    outputs: (inputs, ids) => ({ arn: ids.globalArn('iam', `oidc-provider/${(text(inputs, 'url') ?? '').replace('https://', '')}`) }),
    actions: iam('iam', 'CreateOpenIDConnectProvider', 'GetOpenIDConnectProvider', 'UpdateOpenIDConnectProviderThumbprint', 'DeleteOpenIDConnectProvider'),
  },
  'aws:acm/certificate:Certificate': {
    replaces: ['domainName', 'subjectAlternativeNames', 'validationMethod'],
    outputs: (inputs, ids) => ({
      arn: ids.arn('acm', `certificate/${ids.hex(8)}-${ids.hex(4)}-${ids.hex(4)}-${ids.hex(4)}-${ids.hex(12)}`),
      status: 'ISSUED',
      type: 'AMAZON_ISSUED',
      notAfter: new Date(Date.now() + 395 * 86_400_000).toISOString(),
      domainValidationOptions: [
        {
          domainName: inputs['domainName'],
          resourceRecordName: `_${ids.hex(32)}.${text(inputs, 'domainName') ?? ''}.`,
          resourceRecordType: 'CNAME',
          resourceRecordValue: `_${ids.hex(32)}.acm-validations.aws.`,
        },
      ],
    }),
    actions: iam('acm', 'RequestCertificate AddTagsToCertificate', 'DescribeCertificate ListTagsForCertificate', 'UpdateCertificateOptions', 'DeleteCertificate'),
  },
  'aws:acm/certificateValidation:CertificateValidation': {
    id: 'key',
    required: ['certificateArn'],
    replaces: ['certificateArn', 'validationRecordFqdns'],
    outputs: () => ({ key: new Date().toISOString() }),
    actions: iam('acm', 'DescribeCertificate', 'DescribeCertificate'),
  },
  'aws:secretsmanager/secret:Secret': { autoName: { property: 'name', max: 512 }, replaces: ['name', 'namePrefix'], outputs: (inputs, ids) => ({ arn: ids.arn('secretsmanager', `secret:${text(inputs, 'name') ?? ''}-${ids.hex(6)}`) }), actions: iam('secretsmanager', 'CreateSecret', 'DescribeSecret GetResourcePolicy', 'UpdateSecret', 'DeleteSecret') },
  'aws:kms/key:Key': { id: 'keyId', outputs: (_, ids) => { const keyId = `${ids.hex(8)}-${ids.hex(4)}-${ids.hex(12)}`; return { keyId, arn: ids.arn('kms', `key/${keyId}`) }; }, actions: iam('kms', 'CreateKey', 'DescribeKey', 'PutKeyPolicy', 'ScheduleKeyDeletion') },
};

const OPERATION: Readonly<Record<string, Kept>> = {
  'aws:cloudwatch/logGroup:LogGroup': { id: 'name', autoName: { property: 'name', max: 512 }, defaults: { skipDestroy: false }, replaces: ['name', 'namePrefix'], outputs: (inputs, ids) => ({ name: inputs['name'], arn: ids.arn('logs', `log-group:${text(inputs, 'name') ?? ''}`) }), actions: iam('logs', 'CreateLogGroup PutRetentionPolicy TagResource', 'DescribeLogGroups ListTagsForResource', 'PutRetentionPolicy', 'DeleteLogGroup') },
  'aws:cloudwatch/metricAlarm:MetricAlarm': { id: 'name', autoName: { property: 'name', max: 255 }, replaces: ['name'], outputs: (inputs, ids) => ({ name: inputs['name'], arn: ids.arn('cloudwatch', `alarm:${text(inputs, 'name') ?? ''}`) }), actions: iam('cloudwatch', 'PutMetricAlarm', 'DescribeAlarms', 'PutMetricAlarm', 'DeleteAlarms') },
  'aws:cloudwatch/dashboard:Dashboard': { id: 'dashboardName', required: ['dashboardName', 'dashboardBody'], replaces: ['dashboardName'], outputs: (inputs, ids) => ({ dashboardName: inputs['dashboardName'], dashboardArn: ids.globalArn('cloudwatch', `dashboard/${text(inputs, 'dashboardName') ?? ''}`) }), actions: iam('cloudwatch', 'PutDashboard', 'GetDashboard', 'PutDashboard', 'DeleteDashboards') },
  'aws:appautoscaling/target:Target': { id: 'resourceId', required: ['minCapacity', 'maxCapacity', 'resourceId', 'scalableDimension', 'serviceNamespace'], replaces: ['resourceId', 'scalableDimension', 'serviceNamespace'], outputs: (inputs, ids) => ({ resourceId: inputs['resourceId'], arn: ids.arn('application-autoscaling', `scalable-target/${ids.hex(20)}`) }), actions: iam('application-autoscaling', 'RegisterScalableTarget', 'DescribeScalableTargets', 'RegisterScalableTarget', 'DeregisterScalableTarget') },
  'aws:appautoscaling/policy:Policy': { id: 'name', autoName: { property: 'name', max: 256 }, replaces: ['name', 'resourceId', 'scalableDimension', 'serviceNamespace'], outputs: (inputs, ids) => ({ name: inputs['name'], arn: ids.arn('autoscaling', `scalingPolicy:${ids.hex(20)}`) }), actions: iam('application-autoscaling', 'PutScalingPolicy', 'DescribeScalingPolicies', 'PutScalingPolicy', 'DeleteScalingPolicy') },
  'aws:ecr/repository:Repository': { id: 'name', autoName: { property: 'name', max: 256 }, replaces: ['name'], outputs: (inputs, ids) => ({ name: inputs['name'], registryId: ids.account, repositoryUrl: `${ids.account}.dkr.ecr.${ids.region}.amazonaws.com/${text(inputs, 'name') ?? ''}`, ...named('ecr', 'repository/')(inputs, ids) }), actions: iam('ecr', 'CreateRepository TagResource', 'DescribeRepositories', 'PutImageTagMutability PutImageScanningConfiguration', 'DeleteRepository') },
  'aws:sns/topic:Topic': { autoName: { property: 'name', max: 256 }, replaces: ['name'], outputs: named('sns', ''), actions: iam('sns', 'CreateTopic', 'GetTopicAttributes', 'SetTopicAttributes', 'DeleteTopic') },
  'aws:route53/record:Record': { id: 'key', required: ['name', 'type', 'zoneId'], replaces: ['name', 'type', 'zoneId'], outputs: (inputs) => ({ key: `${text(inputs, 'zoneId') ?? ''}_${text(inputs, 'name') ?? ''}_${text(inputs, 'type') ?? ''}`, fqdn: inputs['name'] }), actions: iam('route53', 'ChangeResourceRecordSets', 'ListResourceRecordSets GetChange', 'ChangeResourceRecordSets', 'ChangeResourceRecordSets') },
};

const KEPT: Readonly<Record<string, Kept>> = { ...NETWORK, ...IDENTITY, ...OPERATION };

const handlerOf = (kept: Kept, ids: Identity): Handler => ({
  ...(kept.autoName === undefined ? {} : { autoName: kept.autoName }),
  ...(kept.defaults === undefined ? {} : { defaults: kept.defaults }),
  required: kept.required ?? [],
  replaces: kept.replaces ?? [],
  actions: kept.actions ?? NO_ACTIONS,
  create: (inputs, { name }) => {
    const { key, ...outputs } = kept.outputs(inputs, ids, name);
    const id = kept.id === undefined ? outputs['arn'] : kept.id === 'key' ? key : outputs[kept.id];
    return { id: String(id), outputs: { ...inputs, ...outputs } };
  },
});

/** Handlers of every type that keeps state and has a shape of its own. */
export const keptHandlers = (ids: Identity): Map<string, Handler> =>
  new Map(Object.entries(KEPT).map(([type, kept]) => [type, handlerOf(kept, ids)]));

const PROPERTY = /^[a-z0-9-]+:([a-z0-9]+)\/[^:]+:([A-Za-z0-9]+)$/;

/** Any other type: keeps state, answers with an id, a name and (for AWS) an ARN that look right. */
export const generalHandler = (type: string, ids: Identity): Handler => ({
  actions: NO_ACTIONS,
  create: (inputs, { name }) => {
    const [, module = 'resource', kind = 'Resource'] = PROPERTY.exec(type) ?? [];
    const unique = `${name}-${ids.hex(7)}`;
    const arn = type.startsWith('aws:') ? { arn: ids.arn(module, `${kind.toLowerCase()}/${unique}`) } : {};
    return { id: unique, outputs: { name: unique, ...arn, ...inputs } };
  },
});
