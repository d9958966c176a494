import type { Deployed } from '../../../config/github.types.ts';
import type { Props } from '../../../sandbox/provider/contract.ts';
import type { Request } from './evaluate.ts';
import { ACCOUNT, REGION } from './ground.ts';

/** A resource of the application's program, as its state has it. */
export interface Declared {
  readonly type: string;
  readonly name: string;
  readonly inputs: Props;
  /** Deleted by nobody: protected, or kept when it goes. */
  readonly kept: boolean;
}

export interface Names {
  readonly application: string;
  readonly environment: string;
  readonly cluster: string;
  /** `app/<name>/<id>` of the load balancer. */
  readonly balancer: string;
  readonly boundary: string;
  readonly host: string;
}

export const namesOf = (deployed: Deployed, application = 'azora'): Names => ({
  application,
  environment: deployed,
  cluster: `azora-${deployed}`,
  balancer: `app/azora-${deployed}/50dc6c495c0c9188`,
  boundary: `arn:aws:iam::${ACCOUNT}:policy/${application}-${deployed}-boundary`,
  host: deployed === 'production' ? 'azora.world' : 'staging.azora.world',
});

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const arn = (service: string, resource: string): string =>
  `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
const ec2 = (kind: string) => () => arn('ec2', `${kind}/x-0123456789abcdef0`);
const elb = (make: (inputs: Props, names: Names) => string) => (inputs: Props, names: Names) =>
  arn('elasticloadbalancing', make(inputs, names));
const bucket = (inputs: Props): string => `arn:aws:s3:::${text(inputs['bucket'])}`;
const role = (name: unknown): string => `arn:aws:iam::${ACCOUNT}:role/${text(name)}`;

/** Type → ARN of what it stands for, as AWS makes it. */
const ARNS: Readonly<Record<string, (inputs: Props, names: Names) => string>> = {
  'aws:ec2/vpc:Vpc': ec2('vpc'),
  'aws:ec2/subnet:Subnet': ec2('subnet'),
  'aws:ec2/internetGateway:InternetGateway': ec2('internet-gateway'),
  'aws:ec2/natGateway:NatGateway': ec2('natgateway'),
  'aws:ec2/eip:Eip': ec2('elastic-ip'),
  'aws:ec2/routeTable:RouteTable': ec2('route-table'),
  'aws:ec2/route:Route': ec2('route-table'),
  'aws:ec2/routeTableAssociation:RouteTableAssociation': ec2('route-table'),
  'aws:ec2/securityGroup:SecurityGroup': ec2('security-group'),
  'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule': ec2('security-group-rule'),
  'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule': ec2('security-group-rule'),
  'aws:lb/loadBalancer:LoadBalancer': elb((_, n) => `loadbalancer/${n.balancer}`),
  'aws:lb/listener:Listener': elb((_, n) => `listener/${n.balancer}/f2f7dc8efc522ab2`),
  'aws:lb/listenerRule:ListenerRule': elb(
    (_, n) => `listener-rule/${n.balancer}/f2f7dc8efc522ab2/9683b2d02a6cabee`,
  ),
  'aws:lb/targetGroup:TargetGroup': elb((i) => `targetgroup/${text(i['name'])}/73e2d6bc24d8a067`),
  'aws:ecs/cluster:Cluster': (i) => arn('ecs', `cluster/${text(i['name'])}`),
  'aws:ecs/service:Service': (i, n) => arn('ecs', `service/${n.cluster}/${text(i['name'])}`),
  'aws:ecs/taskDefinition:TaskDefinition': (i) => arn('ecs', `task-definition/${text(i['family'])}:7`),
  'aws:iam/role:Role': (i) => role(i['name']),
  'aws:iam/rolePolicy:RolePolicy': (i) => role(i['role']),
  'aws:cloudwatch/logGroup:LogGroup': (i) => arn('logs', `log-group:${text(i['name'])}`),
  'aws:servicediscovery/httpNamespace:HttpNamespace': () => arn('servicediscovery', 'namespace/ns-x'),
  'aws:acm/certificate:Certificate': () => arn('acm', 'certificate/12345678'),
  'aws:acm/certificateValidation:CertificateValidation': () => arn('acm', 'certificate/12345678'),
  'aws:route53/record:Record': (i) => `arn:aws:route53:::hostedzone/${text(i['zoneId'])}`,
  'aws:lambda/function:Function': (i) => arn('lambda', `function:${text(i['name'])}`),
  'aws:lambda/alias:Alias': (_, n) => arn('lambda', `function:${n.application}-${n.environment}-quote:live`),
  'aws:s3/bucketObjectv2:BucketObjectv2': (i) => `${bucket(i)}/${text(i['key'])}`,
};

/** Where AWS knows no resource: the request names everything. */
const ANYWHERE =
  /^(ec2:Describe|elasticloadbalancing:Describe|logs:DescribeLogGroups|ecs:(DescribeTaskDefinition|DeregisterTaskDefinition)|route53:GetChange|servicediscovery:GetOperation|acm:RequestCertificate|servicediscovery:CreateHttpNamespace)/;

/** Actions that bring the tags with them. */
const MAKING =
  /^(ec2:(Create(?!Route$|Tags)|Allocate|Authorize)|acm:RequestCertificate|servicediscovery:(CreateHttpNamespace|TagResource))/;

/** Parents that EC2 looks at, too, when something is made in them: they have the tags already. */
const MADE_IN = /^ec2:(Create(Subnet|RouteTable|SecurityGroup|NatGateway)|Authorize)/;

const tags = (where: string, { application, environment }: Names) => ({
  [`aws:${where}/application`]: application,
  [`aws:${where}/environment`]: environment,
});

export type Operation = 'create' | 'read' | 'update' | 'delete';

/** What AWS is asked when a resource's provider calls an action. */
export const requestsFor = (
  { type, inputs }: Declared,
  operation: Operation,
  action: string,
  names: Names,
): Request[] => {
  const own = (ARNS[type] ?? bucket)(inputs, names);
  const one = (resource: string, context: Request['context']): Request => ({ action, resource, context });
  if (action === 'iam:PassRole' && type.startsWith('aws:lambda/'))
    return [
      one(role(`${names.application}-${names.environment}-quote-function`), {
        'iam:PassedToService': 'lambda.amazonaws.com',
      }),
    ];
  if (action === 'iam:PassRole')
    return ['execution', 'task'].map((kind) =>
      one(role(`azora-${names.environment}-blue-api-gateway-${kind}`), {
        'iam:PassedToService': 'ecs-tasks.amazonaws.com',
      }),
    );
  if (action.startsWith('iam:')) return [one(own, { 'iam:PermissionsBoundary': names.boundary })];
  if (action === 'elasticloadbalancing:CreateRule')
    return [one(arn('elasticloadbalancing', `listener/${names.balancer}/f2f7dc8efc522ab2`), {})];
  if (action === 'ecs:DescribeServiceDeployments')
    return [one(arn('ecs', `service-deployment/${names.cluster}/${text(inputs['name'])}/x`), {})];
  if (action === 'route53:ChangeResourceRecordSets')
    return [
      one(own, {
        'route53:ChangeResourceRecordSetsNormalizedRecordNames':
          inputs['type'] === 'A' ? [names.host] : [`_3639ac514e785e898d2646601fa951d5.${names.host}`],
      }),
    ];
  const resource = ANYWHERE.test(action) ? '*' : own;
  if (action === 'ec2:CreateTags' && operation === 'create')
    return [one(own, { ...tags('RequestTag', names), 'ec2:CreateAction': 'CreateAnything' })];
  if (MAKING.test(action) && operation === 'create')
    return [
      one(resource, tags('RequestTag', names)),
      ...(MADE_IN.test(action)
        ? [one(arn('ec2', 'vpc/vpc-0123456789abcdef0'), tags('ResourceTag', names))]
        : []),
    ];
  return [one(resource, { ...tags('ResourceTag', names), ...tags('RequestTag', names) })];
};
