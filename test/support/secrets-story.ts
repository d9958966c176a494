import { expect } from 'vitest';
import { sandboxSecrets } from '../../sandbox/adapters/secrets.ts';
import type { CommandWorld } from './command-world.ts';
import { leaksIn, namesIn } from './leaks.ts';

export const PASSPHRASE = 'planted-passphrase/+ö-4711';
const WEBHOOK = 'planted-webhook-0815';
const DOCKER = 'planted docker "password" & 1234';

/** Files whose purpose is to hold a secret, and the database itself. */
const OWN = /(^|\/)(postgres\/|daemon\.json$)/;

/** Puts distinctive values where secrets belong, before anything is deployed. */
export const plantSecrets = async ({ sandbox }: CommandWorld): Promise<void> => {
  const store = sandboxSecrets(sandbox);
  await store.put('DOCKER_PASSWORD', DOCKER);
  await store.put('SLACK_WEBHOOK', `${sandbox.url}/webhooks/slack?hook=${WEBHOOK}`);
};

const planted = async (world: CommandWorld): Promise<Record<string, string>> => {
  const store = sandboxSecrets(world.sandbox);
  const reference = await store.describe('PROD_DATABASE_URL');
  if (reference === undefined) throw new Error('no database');
  const url = new URL(await store.read(reference));
  const tokens = await world.session(({ session }) => session.stack.previewTokens());
  return {
    ...Object.fromEntries(Object.entries(tokens).map(([slot, token]) => [`preview token ${slot}`, token])),
    'database password': decodeURIComponent(url.password),
    webhook: WEBHOOK,
    'docker password': DOCKER,
    passphrase: PASSPHRASE,
    'sandbox token': world.sandbox.token,
  };
};

/**
 * Deployments, an update that fails with a secret in its message, previews, a rollback: afterwards neither state,
 * history, journals, records, logs nor anything printed holds a secret in any form.
 */
export const tellNoSecrets = async (world: CommandWorld): Promise<void> => {
  const before = await planted(world);
  const url = `postgres://azora:${encodeURIComponent(before['database password'] ?? '')}@10.0.0.1/azora`;
  const reason = `cannot start: ${url} refused; PASSWORD=${before['docker password'] ?? ''}`;

  const { live } = await world.look();
  const idle = Object.values(live)[0]?.green === undefined ? 'green' : 'blue';
  const urn = `*::${idle}-auth-service-service`;
  await world.fault({ kind: 'resource', on: 'create', urn, fail: reason });
  const failing = await world.run('deploy', '--version', 'v2.0.0');
  expect(failing.code).toBe(4);
  expect(failing.running.told()).toContain('cannot start');

  const release = world.deploy('v2.0.0');
  await release.baking();
  expect((await world.run('preview')).code).toBe(0);
  const during = await planted(world);
  await world.say('promote');
  await release.baking('progressive');
  await world.say('promote');
  await release.baking('full');
  await world.say('promote');
  expect(await release.exited).toBe(0);
  for (const command of [
    ['rollback', '--reason', 'performance issue'],
    ['preview', '--version', 'v2.0.0'],
    ['status'],
    ['history'],
    ['config', 'at', 'previous'],
    ['plan', '--version', 'v2.0.0'],
    ['backup', 'list'],
  ])
    expect([command[0], (await world.run(...command)).code]).toEqual([command[0], 0]);

  const after = await planted(world);
  const secrets: Record<string, string> = { ...after };
  // A slot's token is another one with each deployment.
  for (const [when, some] of Object.entries({ before, during }))
    for (const [name, secret] of Object.entries(some)) secrets[`${name}, ${when}`] = secret;
  expect(Object.keys(secrets).length).toBeGreaterThan(12);
  expect(Object.values(secrets).every((s) => s.length >= 8)).toBe(true);

  expect(namesIn(world.printed(), secrets)).toEqual([]);
  const { read, found } = leaksIn(world.directory, secrets, (path) => OWN.test(path));
  expect(found).toEqual([]);
  expect(read).toBeGreaterThan(50);
};
