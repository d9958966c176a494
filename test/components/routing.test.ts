import { expect, it } from 'vitest';
import { planMaintenance } from '../../components/maintenance.plan.ts';
import { Maintenance } from '../../components/maintenance.ts';
import { planRouting } from '../../components/routing.plan.ts';
import { Routing } from '../../components/routing.ts';
import { Logs } from '../../components/logs.ts';
import { service } from '../support/releases.ts';
import { declared, find, outline, scope } from './declared.ts';

const web = (...paths: string[]) => service('x', 1, { paths });
const blue = { api: web('/api/*'), auth: web('/api/auth/*') };
const base = { slots: { blue, green: blue }, remembered: {}, closed: false, maxRules: 100 };

it('one rule per service with traffic, the more specific first, none for a slot without traffic', () => {
  const plan = planRouting({ ...base, shares: { api: { blue: 95, green: 5 }, auth: { blue: 100 } } });
  expect(plan.rules.map((r) => [r.service, r.paths, r.targets])).toEqual([
    ['auth', ['/api/auth/*'], [{ slot: 'blue', weight: 100 }]],
    [
      'api',
      ['/api/*'],
      [
        { slot: 'blue', weight: 95 },
        { slot: 'green', weight: 5 },
      ],
    ],
  ]);
  expect(plan.rules[0]?.priority).toBeLessThan(plan.rules[1]?.priority ?? 0);
  expect(plan.previewPriority('green', 'api')).toBeLessThan(plan.rules[0]?.priority ?? 0);
});

it('a share with a fraction becomes whole weights', () => {
  const { rules } = planRouting({ ...base, shares: { api: { blue: 97.5, green: 2.5 } } });
  expect(rules[0]?.targets).toEqual([
    { slot: 'blue', weight: 975 },
    { slot: 'green', weight: 25 },
  ]);
});

it('while both slots are there, a service answers on the paths of both', () => {
  const green = { ...blue, api: web('/api/*', '/v2/*') };
  const { rules } = planRouting({
    ...base,
    slots: { blue, green },
    shares: { api: { blue: 50, green: 50 } },
  });
  expect(rules[0]?.paths).toEqual(['/api/*', '/v2/*']);
});

it('more rules, or more paths, than a listener takes are refused with advice', () => {
  const shares = { api: { blue: 100 }, auth: { blue: 100 } };
  expect(() => planRouting({ ...base, shares, maxRules: 5 })).toThrow(/would have 6 rules, and may have 5/);
  expect(planRouting({ ...base, shares, maxRules: 6 }).rules).toHaveLength(2);
  expect(() => planRouting({ ...base, shares, maxRules: 6, closed: true })).toThrow(
    /would have 7 rules, and may have 6: .*the maintenance page one/,
  );
  const many = { api: web('/a', '/b', '/c', '/d', '/e') };
  expect(() => planRouting({ ...base, slots: { blue: many }, shares })).toThrow(
    /services\.api\.paths: too many/,
  );
});

it('no rule changes before everything that it waits for is done', async () => {
  const { rules } = planRouting({ ...base, shares: { api: { blue: 95, green: 5 }, auth: { blue: 100 } } });
  const list = await declared(() => {
    const first = new Logs('first', { scope, services: ['a'] });
    return new Routing('routing', {
      scope,
      listenerArn: 'listener',
      rules,
      targetGroupArn: (slot, name) => `${slot}-${name}`,
      after: [first],
    });
  });
  expect(outline(list).filter((line) => line.includes('routing'))).toEqual([
    'routing (sluice:Routing) < ',
    'routing-api (aws:ListenerRule) < routing',
    'routing-auth (aws:ListenerRule) < routing',
  ]);
  expect(find(list, 'routing-api').inputs).toMatchObject({
    listenerArn: 'listener',
    actions: [
      {
        type: 'forward',
        forward: {
          targetGroups: [
            { arn: 'blue-api', weight: 95 },
            { arn: 'green-api', weight: 5 },
          ],
          stickiness: { enabled: false },
        },
      },
    ],
    conditions: [{ pathPattern: { values: ['/api/*'] } }],
  });
  expect(find(list, 'routing-auth').after).toContain('first-a');
  expect(find(list, 'routing-api').after).toContain('routing-auth');
});

it('the maintenance page stands behind the preview rules and before the production rules, with when to come again', async () => {
  const settings = { message: 'Back soon.', retryAfter: 90_000 };
  const planned = planMaintenance({ settings, url: 'https://azora.world', shared: false });
  const { rules, previewPriority } = planRouting({ ...base, shares: { api: { blue: 100 } } });
  expect(planned.priority).toBeGreaterThan(previewPriority('green', 'api'));
  expect(planned.priority).toBeLessThan(rules[0]?.priority ?? 0);
  const list = await declared(
    () => new Maintenance('maintenance', { scope, listenerArn: 'arn:listener', planned }),
  );
  expect(outline(list)).toEqual([
    'maintenance (sluice:Maintenance) < ',
    'maintenance-rule (aws:ListenerRule) < maintenance',
  ]);
  const rule = find(list, 'maintenance-rule').inputs;
  expect(rule['actions']).toMatchObject([
    { type: 'fixed-response', fixedResponse: { statusCode: '503', contentType: 'text/html' } },
  ]);
  expect(JSON.stringify(rule['actions'])).toMatch(/content=90>.*Back soon\./);
  expect(rule['conditions']).toEqual([{ pathPattern: { values: ['*'] } }]);
  expect(planMaintenance({ settings, url: 'https://azora.world', shared: true }).host).toBe('azora.world');
});
