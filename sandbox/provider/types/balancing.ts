import type { Balancer } from '../../cloud/balancer/balancer.ts';
import type { Action, Condition, GroupSpec, ListenerSpec, RuleSpec } from '../../cloud/balancer/types.ts';
import { CloudError } from '../../cloud/options.ts';
import { inRange } from '../check.ts';
import type { CheckFailure, Props } from '../contract.ts';
import { iam, type Handler } from '../handler.ts';
import type { Identity } from '../identity.ts';
import { flag, hasUnknown, list, number, object, objects, text, texts } from '../values.ts';

const SERVICE = 'elasticloadbalancing';
const NAME = /^(?!internal-)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/;

const nameOf = (inputs: Props): CheckFailure[] => {
  const name = text(inputs, 'name');
  return name === undefined || NAME.test(name)
    ? []
    : [{ property: 'name', reason: `'${name}': allowed are letters, digits and hyphens, none at either end` }];
};

const values = (condition: Props, key: string): string[] | undefined => {
  const inner = object(condition, key);
  return inner === undefined ? undefined : texts(inner, 'values');
};

/** Pulumi's shape of a rule condition to the balancer's. */
export const conditionOf = (condition: Props): Condition => {
  const path = values(condition, 'pathPattern');
  if (path !== undefined) return { kind: 'path', patterns: path };
  const host = values(condition, 'hostHeader');
  if (host !== undefined) return { kind: 'host', patterns: host };
  const method = values(condition, 'httpRequestMethod');
  if (method !== undefined) return { kind: 'method', methods: method };
  const header = object(condition, 'httpHeader');
  if (header !== undefined)
    return { kind: 'header', name: text(header, 'httpHeaderName') ?? '', patterns: texts(header, 'values') };
  if (condition['queryStrings'] !== undefined)
    return {
      kind: 'query',
      pairs: objects(condition, 'queryStrings').map((q) => ({ key: text(q, 'key'), value: text(q, 'value') ?? '' })),
    };
  throw new CloudError('ValidationError', `the sandbox knows no rule condition ${Object.keys(condition).join(', ')}`);
};

const forwardOf = (action: Props): Action => {
  const forward = object(action, 'forward');
  if (forward === undefined)
    return { kind: 'forward', groups: [{ arn: text(action, 'targetGroupArn') ?? '', weight: 1 }] };
  const stickiness = object(forward, 'stickiness');
  if (stickiness !== undefined && flag(stickiness, 'enabled') !== false)
    throw new CloudError('ValidationError', 'the sandbox has no sticky sessions: they beat weights; leave stickiness off');
  const groups = objects(forward, 'targetGroups');
  return {
    kind: 'forward',
    groups: groups.map((g) => ({ arn: text(g, 'arn') ?? '', weight: number(g, 'weight') ?? 1 })),
  };
};

/** Pulumi's list of actions to the one the balancer carries out. */
export const actionOf = (actions: readonly Props[]): Action => {
  const action = actions.at(-1);
  if (actions.length !== 1 || action === undefined)
    throw new CloudError('ValidationError', `the sandbox takes exactly one action, got ${actions.length}`);
  switch (text(action, 'type')) {
    case 'forward':
      return forwardOf(action);
    case 'fixed-response': {
      const fixed = object(action, 'fixedResponse') ?? {};
      return {
        kind: 'fixed',
        status: number(fixed, 'statusCode') ?? 200,
        contentType: text(fixed, 'contentType') ?? 'text/plain',
        body: text(fixed, 'messageBody') ?? '',
      };
    }
    case 'redirect': {
      const redirect = object(action, 'redirect') ?? {};
      return {
        kind: 'redirect',
        status: text(redirect, 'statusCode') === 'HTTP_302' ? 302 : 301,
        protocol: text(redirect, 'protocol') ?? '#{protocol}',
        host: text(redirect, 'host') ?? '#{host}',
        port: text(redirect, 'port') ?? '#{port}',
        path: text(redirect, 'path') ?? '/#{path}',
        query: text(redirect, 'query') ?? '#{query}',
      };
    }
    default:
      throw new CloudError('ValidationError', `the sandbox knows no action of type ${String(action['type'])}`);
  }
};

const actionFailures = (inputs: Props, property: string): CheckFailure[] =>
  objects(inputs, property).flatMap((action, i) => {
    const groups = objects(object(action, 'forward') ?? {}, 'targetGroups');
    const tooMany =
      groups.length > 5
        ? [{ property: `${property}[${i}].forward.targetGroups`, reason: `${groups.length} target groups: allowed are 1 to 5` }]
        : [];
    const weights = groups.flatMap((g, j) =>
      inRange(`${property}[${i}].forward.targetGroups[${j}].weight`, number(g, 'weight'), 0, 999),
    );
    return [...tooMany, ...weights];
  });

export const loadBalancer = (balancer: Balancer, ids: Identity): Handler => ({
  autoName: { property: 'name', max: 32 },
  defaults: { internal: false, loadBalancerType: 'application', enableDeletionProtection: false, idleTimeout: 60 },
  replaces: ['name', 'namePrefix', 'internal', 'loadBalancerType'],
  actions: iam(
    SERVICE,
    'CreateLoadBalancer AddTags',
    'DescribeLoadBalancers DescribeLoadBalancerAttributes DescribeTags',
    'ModifyLoadBalancerAttributes SetSecurityGroups SetSubnets AddTags RemoveTags',
    'DeleteLoadBalancer ModifyLoadBalancerAttributes',
  ),
  validate: (inputs) => {
    const subnets = list(inputs, 'subnets');
    const few = subnets.length < 2 && !hasUnknown(inputs['subnets']) && inputs['subnetMappings'] === undefined;
    return [
      ...nameOf(inputs),
      ...(few
        ? [{ property: 'subnets', reason: `${subnets.length} given: at least two subnets in two availability zones are needed` }]
        : []),
    ];
  },
  create: async (inputs) => {
    const name = text(inputs, 'name') ?? '';
    const suffix = `app/${name}/${ids.hex(16)}`;
    const arn = ids.arn(SERVICE, `loadbalancer/${suffix}`);
    const { address } = await balancer.createLoadBalancer(arn, name);
    return {
      id: arn,
      outputs: {
        ...inputs,
        arn,
        arnSuffix: suffix,
        dnsName: address,
        zoneId: `Z${ids.hex(13).toUpperCase()}`,
        vpcId: `vpc-${ids.hex(17)}`,
        ipAddressType: inputs['ipAddressType'] ?? 'ipv4',
      },
    };
  },
  delete: async ({ id, outputs }) => {
    if (flag(outputs, 'enableDeletionProtection') === true && balancer.loadBalancers.has(id))
      throw new CloudError('OperationNotPermitted', `load balancer ${id} is protected against deletion`);
    await balancer.deleteLoadBalancer(id);
  },
  read: ({ id, inputs, outputs }) => ({ id: balancer.loadBalancers.has(id) ? id : '', inputs, outputs }),
});

const listenerSpec = (inputs: Props): ListenerSpec => ({
  loadBalancer: text(inputs, 'loadBalancerArn') ?? '',
  port: number(inputs, 'port') ?? 80,
  protocol: text(inputs, 'protocol') === 'HTTPS' ? 'HTTPS' : 'HTTP',
  action: actionOf(objects(inputs, 'defaultActions')),
});

export const listener = (balancer: Balancer, ids: Identity): Handler => ({
  required: ['loadBalancerArn', 'defaultActions'],
  defaults: { protocol: 'HTTP', port: 80 },
  replaces: ['loadBalancerArn'],
  actions: iam(SERVICE, 'CreateListener AddTags', 'DescribeListeners DescribeTags', 'ModifyListener AddTags RemoveTags', 'DeleteListener'),
  validate: (inputs) => {
    const secure = inputs['protocol'] === 'HTTPS';
    return [
      ...inRange('port', number(inputs, 'port'), 1, 65_535),
      ...actionFailures(inputs, 'defaultActions'),
      ...(secure && inputs['certificateArn'] === undefined
        ? [{ property: 'certificateArn', reason: 'a certificate must be given for an HTTPS listener' }]
        : []),
    ];
  },
  create: async (inputs) => {
    const spec = listenerSpec(inputs);
    const arn = `${spec.loadBalancer.replace(':loadbalancer/', ':listener/')}/${ids.hex(16)}`;
    const { address } = await balancer.createListener(arn, spec);
    return { id: arn, outputs: { ...inputs, arn, sandboxUrl: `http://${address}` } };
  },
  update: (news, { id, olds }) => {
    balancer.updateListener(id, listenerSpec(news));
    return { ...olds, ...news };
  },
  delete: ({ id }) => balancer.deleteListener(id),
  read: ({ id, inputs, outputs }) => ({ id: balancer.listeners.has(id) ? id : '', inputs, outputs }),
});

const ruleSpec = (inputs: Props, priority: number): RuleSpec => ({
  priority,
  conditions: objects(inputs, 'conditions').map(conditionOf),
  action: actionOf(objects(inputs, 'actions')),
});

/** The actions with the weights that the balancer really has. */
const withLiveWeights = (actions: readonly Props[], action: Action): Props[] => {
  if (action.kind !== 'forward') return [...actions];
  return actions.map((given) => {
    const forward = object(given, 'forward');
    if (forward === undefined) return given;
    const targetGroups = action.groups.map(({ arn, weight }) => ({ arn, weight }));
    return { ...given, forward: { ...forward, targetGroups } };
  });
};

export const listenerRule = (balancer: Balancer, ids: Identity): Handler => ({
  required: ['listenerArn', 'actions', 'conditions'],
  replaces: ['listenerArn'],
  actions: iam(SERVICE, 'CreateRule AddTags', 'DescribeRules DescribeTags', 'ModifyRule SetRulePriorities AddTags RemoveTags', 'DeleteRule'),
  validate: (inputs) => [
    ...inRange('priority', number(inputs, 'priority'), 1, 50_000),
    ...actionFailures(inputs, 'actions'),
  ],
  create: (inputs) => {
    const listenerArn = text(inputs, 'listenerArn') ?? '';
    const priority = number(inputs, 'priority') ?? balancer.nextPriority(listenerArn);
    const arn = `${listenerArn.replace(':listener/', ':listener-rule/')}/${ids.hex(16)}`;
    balancer.createRule(arn, listenerArn, ruleSpec(inputs, priority));
    return { id: arn, outputs: { ...inputs, arn, priority } };
  },
  update: (news, { id, olds }) => {
    const priority = number(news, 'priority') ?? number(olds, 'priority') ?? 1;
    balancer.updateRule(id, ruleSpec(news, priority));
    return { ...olds, ...news, priority };
  },
  delete: ({ id }) => balancer.deleteRule(id),
  read: ({ id, inputs, outputs }) => {
    const rule = balancer.findRule(id);
    if (rule === undefined) return { id: '', inputs, outputs };
    const actions = withLiveWeights(objects(inputs, 'actions'), rule.spec.action);
    return { id, inputs: { ...inputs, actions }, outputs: { ...outputs, actions } };
  },
});

const HEALTH_DEFAULTS = { path: '/', interval: 30, timeout: 5, healthyThreshold: 3, unhealthyThreshold: 3, matcher: '200' };

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
      ? [{ property: 'healthCheck.timeout', reason: `${timeout} s must be less than the interval of ${interval} s` }]
      : []),
  ];
};

export const targetGroup = (balancer: Balancer, ids: Identity): Handler => ({
  autoName: { property: 'name', max: 32 },
  defaults: { targetType: 'instance', deregistrationDelay: 300, slowStart: 0 },
  replaces: ['name', 'namePrefix', 'port', 'protocol', 'protocolVersion', 'vpcId', 'targetType', 'ipAddressType'],
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
