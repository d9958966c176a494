import fc from 'fast-check';
import { expect, test } from 'vitest';
import { groupOf, parseShares, proxyFile, ruleOf, sharesBlock } from '../../../../config/hosts/proxy.ts';
import type { HostsApp } from '../../../../config/hosts/types.ts';
import type { SshResult } from '../../../../release/adapters/hosts/ssh.ts';
import { hostsTraffic } from '../../../../release/adapters/hosts/traffic.ts';

const target = {
  path: '/srv/app',
  proxy: { listen: 80, config: '/etc/nginx/app.conf', reload: 'nginx -s reload' },
};
const app = (strategy: 'rolling' | 'canary') =>
  ({
    application: 'app',
    environment: 'production',
    strategy,
    maintenance: { message: 'Soon.', retryAfter: 60_000 },
    target: { ...target, services: {} },
  }) as unknown as HostsApp;
const said = (stdout: string): SshResult => ({ code: 0, stdout, stderr: '' });
const never = (): Promise<never> => Promise.reject(new Error('nothing is to be asked'));

const fileOf = (blue: number, green: number): string =>
  proxyFile(app('canary'), { slots: {}, traffic: { blue, green }, tokens: {} });

test('shares survive the way into the web server’s file and back, to a hundredth of a percent', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10_000 }),
      fc.constantFrom('blue' as const, 'green' as const),
      (n, last) => {
        const small = n / 100;
        const traffic =
          last === 'green' ? { blue: small, green: 100 - small } : { blue: 100 - small, green: small };
        const read = parseShares(
          `split_clients "$request_id" $x {\n${sharesBlock(traffic, last).join('\n')}\n}`,
        );
        expect(read.blue ?? 0).toBeCloseTo(traffic.blue, 6);
        expect(read.green ?? 0).toBeCloseTo(traffic.green, 6);
      },
    ),
  );
});

test('read: every rule gets the host’s shares; machines that differ are refused', async () => {
  const same = hostsTraffic(app('canary'), () =>
    Promise.resolve({ one: said(fileOf(95, 5)), two: said(fileOf(95, 5)) }),
  );
  const [rule] = await same.read([ruleOf('backend')]);
  expect(rule).toEqual({
    arn: 'hosts/backend',
    weights: { [groupOf('backend', 'blue')]: 95, [groupOf('backend', 'green')]: 5 },
  });
  const apart = hostsTraffic(app('canary'), () =>
    Promise.resolve({ one: said(fileOf(95, 5)), two: said(fileOf(100, 0)) }),
  );
  await expect(apart.read([ruleOf('backend')])).rejects.toThrow(/machines share traffic out differently/);
});

test('write: one call that needs no stack; what the host refuses is said', async () => {
  const calls: string[] = [];
  const traffic = hostsTraffic(app('canary'), (command) => {
    calls.push(command);
    return Promise.resolve({
      one: { code: 5, stdout: '', stderr: 'the web server did not take its file\n' },
    });
  });
  const rule = { arn: ruleOf('backend'), weights: { [groupOf('backend', 'blue')]: 1 } };
  await expect(traffic.write([rule])).rejects.toThrow(/^one: the web server did not take its file$/);
  expect(calls).toEqual([
    `sh '/srv/app/sluice/host.sh' weights '/etc/nginx/app.conf' 'nginx -s reload' '  * blue;'`,
  ]);
});

test('in place nothing is asked, and nothing can be shared out', async () => {
  const traffic = hostsTraffic(app('rolling'), never);
  expect(await traffic.read([ruleOf('backend')])).toEqual([
    { arn: 'hosts/backend', weights: { 'hosts/backend/blue': 100 } },
  ]);
  await expect(
    traffic.write([{ arn: ruleOf('backend'), weights: { 'hosts/backend/blue': 100 } }]),
  ).resolves.toBeUndefined();
  await expect(
    traffic.write([{ arn: ruleOf('backend'), weights: { 'hosts/backend/green': 100 } }]),
  ).rejects.toThrow(/has one slot on its host/);
});
