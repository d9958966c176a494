import type { Props } from '../contract.ts';
import { iam, type IamActions } from '../handler.ts';
import type { Identity } from '../identity.ts';
import type { Kept } from './kept-type.ts';

/** `vpc-0123…`: an id by prefix, and the ARN that belongs to it. */
const ec2 =
  (prefix: string, kind: string, extra: (inputs: Props, ids: Identity) => Props = () => ({})) =>
  (inputs: Props, ids: Identity): Props => {
    const key = `${prefix}-${ids.hex(17)}`;
    return { key, arn: ids.arn('ec2', `${kind}/${key}`), ownerId: ids.account, ...extra(inputs, ids) };
  };

/** What makes a thing tags it in the same call, and changes its tags by two of their own. */
const ec2Actions = (create: string, read: string, update: string, remove: string): IamActions =>
  iam('ec2', `${create} CreateTags`, read, `${update} CreateTags DeleteTags`.trim(), remove);

/** Network types by name. */
export const NETWORK: Readonly<Record<string, Kept>> = {
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
    actions: ec2Actions(
      'CreateVpc ModifyVpcAttribute',
      'DescribeVpcs DescribeVpcAttribute DescribeNetworkAcls DescribeRouteTables DescribeSecurityGroups',
      'ModifyVpcAttribute',
      'DeleteVpc',
    ),
  },
  'aws:ec2/subnet:Subnet': {
    id: 'key',
    required: ['vpcId'],
    replaces: ['vpcId', 'cidrBlock', 'availabilityZone'],
    outputs: ec2('subnet', 'subnet', () => ({ availabilityZoneId: 'sbx1-az1' })),
    actions: ec2Actions('CreateSubnet', 'DescribeSubnets', 'ModifySubnetAttribute', 'DeleteSubnet'),
  },
  'aws:ec2/internetGateway:InternetGateway': {
    id: 'key',
    outputs: ec2('igw', 'internet-gateway'),
    actions: ec2Actions(
      'CreateInternetGateway AttachInternetGateway',
      'DescribeInternetGateways',
      'AttachInternetGateway DetachInternetGateway',
      'DetachInternetGateway DeleteInternetGateway',
    ),
  },
  'aws:ec2/natGateway:NatGateway': {
    id: 'key',
    required: ['subnetId'],
    replaces: ['subnetId', 'allocationId', 'connectivityType'],
    outputs: ec2('nat', 'natgateway', () => ({ publicIp: '203.0.113.10', privateIp: '10.0.0.10' })),
    actions: ec2Actions('CreateNatGateway', 'DescribeNatGateways', '', 'DeleteNatGateway'),
  },
  'aws:ec2/eip:Eip': {
    id: 'key',
    outputs: ec2('eipalloc', 'elastic-ip', (_, ids) => ({
      allocationId: `eipalloc-${ids.hex(17)}`,
      publicIp: '203.0.113.10',
    })),
    actions: ec2Actions(
      'AllocateAddress',
      'DescribeAddresses DescribeAddressesAttribute',
      'AssociateAddress',
      'DisassociateAddress ReleaseAddress',
    ),
  },
  'aws:ec2/routeTable:RouteTable': {
    id: 'key',
    required: ['vpcId'],
    replaces: ['vpcId'],
    outputs: ec2('rtb', 'route-table'),
    actions: ec2Actions('CreateRouteTable', 'DescribeRouteTables', '', 'DeleteRouteTable'),
  },
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
    actions: iam(
      'ec2',
      'AssociateRouteTable',
      'DescribeRouteTables',
      'ReplaceRouteTableAssociation',
      'DisassociateRouteTable',
    ),
  },
  'aws:ec2/vpcEndpoint:VpcEndpoint': {
    id: 'key',
    required: ['vpcId', 'serviceName'],
    replaces: ['vpcId', 'serviceName'],
    outputs: ec2('vpce', 'vpc-endpoint'),
    actions: ec2Actions(
      'CreateVpcEndpoint',
      'DescribeVpcEndpoints DescribePrefixLists',
      'ModifyVpcEndpoint',
      'DeleteVpcEndpoints',
    ),
  },
  'aws:ec2/securityGroup:SecurityGroup': {
    id: 'key',
    autoName: { property: 'name', max: 255 },
    defaults: { description: 'Managed by Pulumi' },
    replaces: ['name', 'namePrefix', 'description', 'vpcId'],
    outputs: ec2('sg', 'security-group'),
    actions: ec2Actions(
      // AWS lets a new group out to everywhere; the provider takes that back.
      'CreateSecurityGroup RevokeSecurityGroupEgress',
      'DescribeSecurityGroups DescribeSecurityGroupRules',
      'AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress',
      'DeleteSecurityGroup DescribeNetworkInterfaces',
    ),
  },
  'aws:ec2/securityGroupRule:SecurityGroupRule': {
    id: 'key',
    required: ['securityGroupId', 'type', 'protocol'],
    replaces: [
      'securityGroupId',
      'type',
      'protocol',
      'fromPort',
      'toPort',
      'cidrBlocks',
      'ipv6CidrBlocks',
      'sourceSecurityGroupId',
      'self',
    ],
    outputs: (_, ids) => ({ key: `sgrule-${ids.hex(8)}`, securityGroupRuleId: `sgr-${ids.hex(17)}` }),
    actions: iam(
      'ec2',
      'AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress',
      'DescribeSecurityGroups',
      'UpdateSecurityGroupRuleDescriptionsIngress',
      'RevokeSecurityGroupIngress RevokeSecurityGroupEgress',
    ),
  },
  'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule': {
    id: 'key',
    required: ['securityGroupId', 'ipProtocol'],
    replaces: ['securityGroupId'],
    outputs: ec2('sgr', 'security-group-rule', () => ({})),
    actions: iam(
      'ec2',
      'AuthorizeSecurityGroupIngress CreateTags',
      'DescribeSecurityGroupRules',
      'ModifySecurityGroupRules',
      'RevokeSecurityGroupIngress',
    ),
  },
  'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule': {
    id: 'key',
    required: ['securityGroupId', 'ipProtocol'],
    replaces: ['securityGroupId'],
    outputs: ec2('sgr', 'security-group-rule', () => ({})),
    actions: iam(
      'ec2',
      'AuthorizeSecurityGroupEgress CreateTags',
      'DescribeSecurityGroupRules',
      'ModifySecurityGroupRules',
      'RevokeSecurityGroupEgress',
    ),
  },
};
