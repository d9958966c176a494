import type { Balancer } from '../../cloud/balancer/balancer.ts';
import type { Action, ListenerSpec, RuleSpec } from '../../cloud/balancer/types.ts';
import { CloudError } from '../../cloud/options.ts';
import { inRange } from '../check.ts';
import type { Props } from '../contract.ts';
import { iam, type Handler } from '../handler.ts';
import type { Identity } from '../identity.ts';
import { flag, hasUnknown, list, number, object, objects, text } from '../values.ts';
import { nameOf, SERVICE } from './groups.ts';
import { actionFailures, actionOf, conditionOf } from './routing.ts';

export const loadBalancer = (balancer: Balancer, ids: Identity): Handler => ({
  autoName: { property: 'name', max: 32 },
  defaults: {
    internal: false,
    loadBalancerType: 'application',
    enableDeletionProtection: false,
    idleTimeout: 60,
  },
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
    const few =
      subnets.length < 2 && !hasUnknown(inputs['subnets']) && inputs['subnetMappings'] === undefined;
    return [
      ...nameOf(inputs),
      ...(few
        ? [
            {
              property: 'subnets',
              reason: `${subnets.length} given: at least two subnets in two availability zones are needed`,
            },
          ]
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
  actions: iam(
    SERVICE,
    'CreateListener AddTags',
    'DescribeListeners DescribeTags',
    'ModifyListener AddTags RemoveTags',
    'DeleteListener',
  ),
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
  actions: iam(
    SERVICE,
    'CreateRule AddTags',
    'DescribeRules DescribeTags',
    'ModifyRule SetRulePriorities AddTags RemoveTags',
    'DeleteRule',
  ),
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
