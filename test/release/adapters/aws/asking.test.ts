import { expect, it } from 'vitest';
import { ACTIONS_BY_PORT } from '../../../../release/adapters/aws/actions.ts';
import { askingFor } from '../../../../release/adapters/aws/asking.ts';
import {
  loadBalancerDimension,
  targetGroupDimension,
} from '../../../../release/adapters/aws/load-balancer.ts';
import { elbClient, elbTraffic } from '../../../../release/adapters/aws/traffic.ts';

const ask = askingFor(['ecs:RunTask']);
const failing = (name: string, message: string) => () =>
  Promise.reject(Object.assign(new Error(message), { name, $fault: 'client' }));

it('an error of AWS names the action, what it was about, and what to do', async () => {
  const denied = ask('ecs:RunTask', 'in azora', failing('AccessDeniedException', 'not authorized'));
  await expect(denied).rejects.toMatchObject({
    exit: 3,
    message: 'ecs:RunTask in azora: AccessDeniedException: not authorized',
    hint: 'the role must allow ecs:RunTask',
  });
  const expired = ask('ecs:RunTask', 'in azora', failing('ExpiredTokenException', 'the token is expired'));
  await expect(expired).rejects.toMatchObject({ hint: expect.stringContaining('new AWS credentials') });
  const busy = ask('ecs:RunTask', 'in azora', failing('ThrottlingException', 'Rate exceeded'));
  await expect(busy).rejects.toMatchObject({ hint: expect.stringContaining('asked too often') });
});

it('a bug stays a bug', async () => {
  const bug = ask('ecs:RunTask', 'in azora', () => Promise.reject(new TypeError('x is not a function')));
  await expect(bug).rejects.toBeInstanceOf(TypeError);
});

it('a call that never answers ends at its deadline, and one that is not wanted any more at once', async () => {
  const hanging = ({ abortSignal }: { abortSignal: AbortSignal }) =>
    new Promise<never>((_, reject) =>
      abortSignal.addEventListener('abort', () => reject(new Error('aborted')), { once: true }),
    );
  await expect(ask('ecs:RunTask', 'in azora', hanging, { timeoutMs: 30 })).rejects.toThrow(
    'ecs:RunTask in azora: no answer within 0.03 s',
  );
  const stop = new AbortController();
  const stopped = ask('ecs:RunTask', 'in azora', hanging, { signal: stop.signal });
  stop.abort(new Error('enough'));
  await expect(stopped).rejects.toThrow('enough');
});

it('weights that a load balancer would refuse are refused before any rule is changed', async () => {
  const traffic = elbTraffic(elbClient({ region: 'eu-central-1', endpoint: 'http://127.0.0.1:9' }));
  await expect(traffic.write([{ arn: 'rule', weights: {} }])).rejects.toThrow(
    /0 target groups; allowed: 1 to 5/,
  );
  await expect(traffic.write([{ arn: 'rule', weights: { a: 1_000 } }])).rejects.toThrow(/weight 1000/);
  await expect(traffic.write([{ arn: 'rule', weights: { a: -1 } }])).rejects.toThrow(/weight -1/);
});

it('dimensions of CloudWatch come from ARNs, also of the listener', () => {
  const arn = 'arn:aws:elasticloadbalancing:eu-central-1:123456789012';
  expect(loadBalancerDimension(`${arn}:loadbalancer/app/azora/50dc`)).toBe('app/azora/50dc');
  expect(loadBalancerDimension(`${arn}:listener/app/azora/50dc/f2f7`)).toBe('app/azora/50dc');
  expect(targetGroupDimension(`${arn}:targetgroup/auth-blue/73e2`)).toBe('targetgroup/auth-blue/73e2');
  expect(() => loadBalancerDimension(`${arn}:loadbalancer/net/azora/50dc`)).toThrow(
    /not an Application Load Balancer/,
  );
});

it('every action that is declared is a name of IAM, and no port asks for a wildcard', () => {
  const all = Object.values(ACTIONS_BY_PORT).flat();
  expect(all.filter((a) => !/^[a-z0-9]+:[A-Z][A-Za-z]+$/.test(a))).toEqual([]);
  expect(new Set(all).size).toBe(all.length);
});
