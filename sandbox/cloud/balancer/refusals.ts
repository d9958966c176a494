import { CloudError } from '../options.ts';
import type { Action, Condition } from './types.ts';

const GROUPS_PER_ACTION = 5;
const VALUES_PER_RULE = 5;

export const checkPriority = (priority: number): void => {
  if (!Number.isInteger(priority) || priority < 1 || priority > 50_000)
    throw new CloudError(
      'ValidationError',
      `rule priority ${priority}: allowed are whole numbers from 1 to 50000`,
    );
};

/** What ALB refuses about an action, in its own terms. */
export const checkAction = (action: Action): void => {
  if (action.kind !== 'forward') return;
  const { groups } = action;
  if (groups.length === 0 || groups.length > GROUPS_PER_ACTION)
    throw new CloudError(
      'TooManyUniqueTargetGroupsPerLoadBalancer',
      `a forward action has ${groups.length} target groups: allowed are 1 to ${GROUPS_PER_ACTION}`,
    );
  for (const { arn, weight } of groups)
    if (!Number.isInteger(weight) || weight < 0 || weight > 999)
      throw new CloudError(
        'ValidationError',
        `weight ${weight} of ${arn}: allowed are whole numbers from 0 to 999`,
      );
  if (new Set(groups.map((g) => g.arn)).size !== groups.length)
    throw new CloudError('ValidationError', 'a forward action names one target group twice');
};

const valuesOf = (condition: Condition): readonly string[] => {
  switch (condition.kind) {
    case 'path':
    case 'host':
    case 'header':
      return condition.patterns;
    case 'query':
      return condition.pairs.map((p) => p.value);
    case 'method':
      return condition.methods;
    default:
      return condition satisfies never;
  }
};

export const checkConditions = (conditions: readonly Condition[]): void => {
  const values = conditions.flatMap(valuesOf);
  if (conditions.length === 0) throw new CloudError('ValidationError', 'a rule needs at least one condition');
  if (values.length > VALUES_PER_RULE)
    throw new CloudError(
      'TooManyConditionValues',
      `a rule has ${values.length} condition values: allowed are at most ${VALUES_PER_RULE}`,
    );
  const long = values.find((v) => v.length > 128 || v.length === 0);
  if (long !== undefined)
    throw new CloudError('ValidationError', `condition value '${long}': allowed are 1 to 128 characters`);
};
