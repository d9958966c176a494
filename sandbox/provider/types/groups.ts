import type { Balancer } from '../../cloud/balancer/balancer.ts';
import type { GroupSpec } from '../../cloud/balancer/types.ts';
import { inRange } from '../check.ts';
import type { CheckFailure, Props } from '../contract.ts';
import { iam, type Handler } from '../handler.ts';
import type { Identity } from '../identity.ts';
import { flag, number, object, text } from '../values.ts';

/** Service part of the balancers' ARNs and actions. */
export const SERVICE = 'elasticloadbalancing';
const NAME = /^(?!internal-)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/;

/** Rules for names of load balancers and target groups. */
export const nameOf = (inputs: Props): CheckFailure[] => {
  const name = text(inputs, 'name');
  return name === undefined || NAME.test(name)
    ? []
    : [
        {
          property: 'name',
          reason: `'${name}': allowed are letters, digits and hyphens, none at either end`,
        },
      ];
};

const HEALTH_DEFAULTS = {
  path: '/',
  interval: 30,
  timeout: 5,
  healthyThreshold: 3,
  unhealthyThreshold: 3,
  matcher: '200',
};

const groupSpec = (inputs: Props): GroupSpec => {
  const check = object(inputs, 'healthCheck') ?? {};
  return {
    name: text(inputs, 'name') ?? '',
    protocol: text(inputs, 'protocol') ?? 'HTTP',
    port: number(inputs, 'port') ?? 80,
    vpcId: text(inputs, 'vpcId') ?? '',
    deregistrationMs: (number(inputs, 'deregistrationDelay') ?? 300) * 1_000,
    healthCheck: {
      enabled: flag(check, 'enabled') ?? true,
      path: text(check, 'path') ?? HEALTH_DEFAULTS.path,
      intervalMs: (number(check, 'interval') ?? HEALTH_DEFAULTS.interval) * 1_000,
      timeoutMs: (number(check, 'timeout') ?? HEALTH_DEFAULTS.timeout) * 1_000,
      healthyThreshold: number(check, 'healthyThreshold') ?? HEALTH_DEFAULTS.healthyThreshold,
      unhealthyThreshold: number(check, 'unhealthyThreshold') ?? HEALTH_DEFAULTS.unhealthyThreshold,
      matcher: text(check, 'matcher') ?? HEALTH_DEFAULTS.matcher,
    },
  };
};

const healthFailures = (inputs: Props): CheckFailure[] => {
  const check = object(inputs, 'healthCheck') ?? {};
  const interval = number(check, 'interval') ?? HEALTH_DEFAULTS.interval;
  const timeout = number(check, 'timeout') ?? HEALTH_DEFAULTS.timeout;
  return [
    ...inRange('healthCheck.interval', number(check, 'interval'), 5, 300),
    ...inRange('healthCheck.timeout', number(check, 'timeout'), 2, 120),
    ...inRange('healthCheck.healthyThreshold', number(check, 'healthyThreshold'), 2, 10),
    ...inRange('healthCheck.unhealthyThreshold', number(check, 'unhealthyThreshold'), 2, 10),
    ...(timeout >= interval
      ? [
          {
            property: 'healthCheck.timeout',
            reason: `${timeout} s must be less than the interval of ${interval} s`,
          },
        ]
      : []),
  ];
};

export const targetGroup = (balancer: Balancer, ids: Identity): Handler => ({
  autoName: { property: 'name', max: 32 },
  defaults: { targetType: 'instance', deregistrationDelay: 300, slowStart: 0 },
  replaces: [
    'name',
    'namePrefix',
    'port',
    'protocol',
    'protocolVersion',
    'vpcId',
    'targetType',
    'ipAddressType',
  ],
  actions: iam(
    SERVICE,
    'CreateTargetGroup ModifyTargetGroupAttributes AddTags',
    'DescribeTargetGroups DescribeTargetGroupAttributes DescribeTags DescribeTargetHealth',
    'ModifyTargetGroup ModifyTargetGroupAttributes AddTags RemoveTags',
    'DeleteTargetGroup',
  ),
  validate: (inputs) => [
    ...nameOf(inputs),
    ...inRange('port', number(inputs, 'port'), 1, 65_535),
    ...inRange('deregistrationDelay', number(inputs, 'deregistrationDelay'), 0, 3_600),
    ...healthFailures(inputs),
  ],
  create: (inputs) => {
    const spec = groupSpec(inputs);
    const suffix = `targetgroup/${spec.name}/${ids.hex(16)}`;
    const arn = ids.arn(SERVICE, suffix);
    balancer.createGroup(arn, spec);
    return { id: arn, outputs: { ...inputs, arn, arnSuffix: suffix, loadBalancerArns: [] } };
  },
  update: (news, { id, olds }) => {
    balancer.updateGroup(id, groupSpec(news));
    return { ...olds, ...news };
  },
  delete: ({ id }) => balancer.deleteGroup(id),
  read: ({ id, inputs, outputs }) => ({ id: balancer.group(id) === undefined ? '' : id, inputs, outputs }),
});
