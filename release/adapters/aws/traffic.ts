import {
  DescribeRulesCommand,
  ElasticLoadBalancingV2Client,
  ModifyRuleCommand,
  type Rule as ElbRule,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { EXIT, ExpectedError, messageOf } from '../../../lib/errors.ts';
import type { Rule, Traffic, Weights } from '../../ports/traffic.ts';
import { LARGEST_WEIGHT, wholeWeights } from '../../core/weights.ts';
import { askingFor, parts } from './asking.ts';
import { clientSettings, type AwsSettings } from './settings.ts';

export const ACTIONS = ['elasticloadbalancing:DescribeRules', 'elasticloadbalancing:ModifyRule'] as const;

const ask = askingFor(ACTIONS);

/** Rules in one question: the answer then fits one page. */
const A_PAGE = 100;
const A_WRITE_MS = 10_000;

export const elbClient = (settings: AwsSettings): ElasticLoadBalancingV2Client =>
  new ElasticLoadBalancingV2Client(clientSettings(settings));

/** Weights of a rule's forward action; a rule that does not forward has none. */
const weightsOf = (rule: ElbRule): Weights => {
  const forward = rule.Actions?.find((a) => a.Type === 'forward');
  const groups = forward?.ForwardConfig?.TargetGroups ?? [];
  if (groups.length > 0)
    return Object.fromEntries(groups.map((g) => [g.TargetGroupArn ?? '', g.Weight ?? 1]));
  return forward?.TargetGroupArn === undefined ? {} : { [forward.TargetGroupArn]: 1 };
};

const refuseBad = ({ arn, weights }: Rule): void => {
  const values = Object.values(weights);
  const bad = values.find((w) => !Number.isFinite(w) || w < 0 || w > LARGEST_WEIGHT);
  if (values.length > 0 && values.length <= 5 && bad === undefined) return;
  const got = bad === undefined ? `${values.length} target groups` : `weight ${bad}`;
  throw new ExpectedError(
    `rule ${arn} cannot get these weights (got ${got}; allowed: 1 to 5 target groups, weights 0 to ${LARGEST_WEIGHT})`,
    { exit: EXIT.badInput },
  );
};

/** Rules of an Application Load Balancer, by direct calls. A rule that does not exist is an error. */
export const elbTraffic = (client: ElasticLoadBalancingV2Client): Traffic => ({
  read: async (rules) => {
    const pages = await Promise.all(
      parts([...new Set(rules)], A_PAGE).map((arns) =>
        ask('elasticloadbalancing:DescribeRules', `of ${arns.length} rules`, (o) =>
          client.send(new DescribeRulesCommand({ RuleArns: arns, PageSize: 400 }), o),
        ),
      ),
    );
    const found = new Map(pages.flatMap((p) => p.Rules ?? []).map((r) => [r.RuleArn, weightsOf(r)]));
    return rules.map((arn) => {
      const weights = found.get(arn);
      if (weights !== undefined) return { arn, weights };
      throw new ExpectedError(`the load balancer has no rule ${arn}`, {
        exit: EXIT.refused,
        hint: 'sluice reconcile',
      });
    });
  },
  write: async (rules) => {
    rules.forEach(refuseBad);
    const written = await Promise.allSettled(rules.map((rule) => modify(client, rule)));
    const failures = written.flatMap((w) => (w.status === 'rejected' ? [w.reason as unknown] : []));
    if (failures.length === 0) return;
    throw new ExpectedError(
      `weights of ${failures.length} of ${rules.length} rules were not set: ${failures.map(messageOf).join('; ')}`,
      {
        exit: EXIT.refused,
        hint: failures[0] instanceof ExpectedError ? failures[0].hint : undefined,
        cause: failures[0],
      },
    );
  },
});

/** The whole action is replaced: forwarding to these groups and nothing else, without stickiness. */
const modify = (client: ElasticLoadBalancingV2Client, { arn, weights }: Rule): Promise<unknown> => {
  const TargetGroups = Object.entries(wholeWeights(weights)).map(([TargetGroupArn, Weight]) => ({
    TargetGroupArn,
    Weight,
  }));
  const ForwardConfig = { TargetGroups, TargetGroupStickinessConfig: { Enabled: false } };
  const command = new ModifyRuleCommand({ RuleArn: arn, Actions: [{ Type: 'forward', ForwardConfig }] });
  return ask('elasticloadbalancing:ModifyRule', arn, (o) => client.send(command, o), {
    timeoutMs: A_WRITE_MS,
  });
};
