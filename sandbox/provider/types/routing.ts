import type { Action, Condition } from '../../cloud/balancer/types.ts';
import { CloudError } from '../../cloud/options.ts';
import { inRange } from '../check.ts';
import type { CheckFailure, Props } from '../contract.ts';
import { flag, number, object, objects, text, texts } from '../values.ts';

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
      pairs: objects(condition, 'queryStrings').map((q) => ({
        key: text(q, 'key'),
        value: text(q, 'value') ?? '',
      })),
    };
  throw new CloudError(
    'ValidationError',
    `the sandbox knows no rule condition ${Object.keys(condition).join(', ')}`,
  );
};

const forwardOf = (action: Props): Action => {
  const forward = object(action, 'forward');
  if (forward === undefined)
    return { kind: 'forward', groups: [{ arn: text(action, 'targetGroupArn') ?? '', weight: 1 }] };
  const stickiness = object(forward, 'stickiness');
  if (stickiness !== undefined && flag(stickiness, 'enabled') !== false)
    throw new CloudError(
      'ValidationError',
      'the sandbox has no sticky sessions: they beat weights; leave stickiness off',
    );
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
      throw new CloudError(
        'ValidationError',
        `the sandbox knows no action of type ${String(action['type'])}`,
      );
  }
};

/** Refusals of an action list that need no balancer. */
export const actionFailures = (inputs: Props, property: string): CheckFailure[] =>
  objects(inputs, property).flatMap((action, i) => {
    const groups = objects(object(action, 'forward') ?? {}, 'targetGroups');
    const tooMany =
      groups.length > 5
        ? [
            {
              property: `${property}[${i}].forward.targetGroups`,
              reason: `${groups.length} target groups: allowed are 1 to 5`,
            },
          ]
        : [];
    const weights = groups.flatMap((g, j) =>
      inRange(`${property}[${i}].forward.targetGroups[${j}].weight`, number(g, 'weight'), 0, 999),
    );
    return [...tooMany, ...weights];
  });
