import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseApp } from '../../../config/app.ts';
import { composeFile, envExample, secretsOf, settingsFile } from '../../../config/hosts/compose.ts';
import { proxyFile } from '../../../config/hosts/proxy.ts';
import { releaseFiles } from '../../../config/hosts/files.ts';
import type { HostsApp } from '../../../config/hosts/types.ts';
import { planMachine } from '../../../components/hosts-machine.plan.ts';
import { planHostsSlot, proxyCommand } from '../../../components/hosts-slot.plan.ts';
import type { Slot } from '../../../config/release.types.ts';
import { readCompose } from '../../../sandbox/cloud/hosts/compose-file.ts';
import { freeze } from '../../../release/core/freeze.ts';

type Tree = Record<string, unknown>;
const STACK = parse(
  readFileSync(new URL('../../../examples/the-bot/Pulumi.staging.yaml', import.meta.url), 'utf8'),
) as { config: { 'sluice:app': Tree & { hosts: Tree & { services: Record<string, Tree> } } } };
const written = () => structuredClone(STACK.config['sluice:app']);

const theBot = (value: unknown = written()): { app: HostsApp; slot: Slot } => {
  const app = parseApp(value, { stack: 'staging' });
  if (app.target.kind !== 'hosts') throw new Error('no hosts');
  const images = Object.fromEntries(
    Object.keys(app.services).map((s) => [s, `ghcr.io/the-bot/${s}@sha256:${'a'.repeat(64)}`]),
  );
  return {
    app: { ...app, target: app.target },
    slot: freeze(app, { version: 'v1.0.0', deployment: '1795000000-abcdefabcdef', images, secrets: {} }),
  };
};

test('the compose file has the document’s services, each limited, without privileges, with a health check where it can have one', () => {
  const { app, slot } = theBot();
  const file = parse(composeFile(app, slot)) as {
    services: Record<string, Tree>;
    networks: Tree;
    volumes: Tree;
  };
  expect(Object.keys(file.services).sort()).toEqual([
    'backend',
    'beat',
    'db',
    'frontend',
    'grafana',
    'prometheus',
    'redis',
    'worker',
  ]);
  for (const [name, service] of Object.entries(file.services)) {
    expect(service['security_opt'], name).toEqual(['no-new-privileges:true']);
    expect(service['cap_drop'], name).toEqual(['ALL']);
    expect(service['image'], name).toMatch(/@sha256:[0-9a-f]{64}$/);
    expect(service['deploy'], name).toHaveProperty('resources.limits.memory');
    expect(service['labels'], name).toMatchObject({
      'sluice.application': 'the-bot',
      'sluice.service': name,
    });
    if (!['worker', 'beat'].includes(name)) expect(service, name).toHaveProperty('healthcheck.test');
  }
  expect(file.services['db']).toMatchObject({
    networks: ['back'],
    volumes: ['database:/var/lib/postgresql/data'],
  });
  expect(file.services['backend']).toMatchObject({
    ports: ['127.0.0.1:8000:8000'],
    depends_on: { db: { condition: 'service_healthy' } },
    environment: { DEBUG: '${DEBUG}', POSTGRES_PASSWORD: '${POSTGRES_PASSWORD:?is not in .env.staging}' },
  });
  expect(file.networks).toEqual({ front: {}, back: { internal: true } });
});

test('docker compose takes the files: the sandbox’s reader, and the real client where it is installed', () => {
  const { app, slot } = theBot();
  const folder = mkdtempSync(join(tmpdir(), 'sluice-compose-'));
  try {
    const files = releaseFiles(app, slot);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const secrets = Object.keys(secretsOf(app)).map((name) => `${name}=x\n`);
    writeFileSync(join(folder, 'secrets.env'), secrets.join(''));
    const [file, ...env] = ['compose.all.yaml', 'settings.env', 'secrets.env'].map((name) =>
      join(folder, name),
    );
    expect(readCompose(file ?? '', env).services).toHaveLength(8);
    expect(() => readCompose(file ?? '', env.slice(0, 1))).toThrow(
      /required variable \w+ is missing a value: is not in \.env\.staging/,
    );
    const real = (...words: readonly string[]) =>
      spawnSync('docker', ['compose', ...words], { encoding: 'utf8' });
    if (real('version').status !== 0)
      return console.log('docker compose config left out: no docker with compose on the PATH');
    const said = real(...env.flatMap((e) => ['--env-file', e]), '-f', file ?? '', 'config', '--quiet');
    expect(said.stderr).toBe('');
    expect(said.status).toBe(0);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('secrets are named and never written; plain values come with the release, in a form that compose takes literally', () => {
  const value = written();
  const settings = value.hosts['settings'] as Record<string, Tree>;
  settings['application'] = {
    ...settings['application'],
    GREETING: 'it costs $5 # really',
    NAME: `O'Brien "X" $HOME`,
  };
  const { app, slot } = theBot(value);
  expect(Object.keys(secretsOf(app))).toContain('SECRET_KEY');
  expect(settingsFile(app)).toContain(`GREETING='it costs $5 # really'\n`);
  expect(settingsFile(app)).toContain(String.raw`NAME="O'Brien \"X\" \$HOME"`);
  for (const name of Object.keys(secretsOf(app))) expect(settingsFile(app)).not.toContain(name);
  expect(composeFile(app, slot)).not.toContain('O’Brien');
});

test('the env example has every setting in groups, secrets without a value', () => {
  const text = envExample(theBot().app);
  for (const group of ['application', 'database', 'cache', 'payments', 'ai', 'chat', 'features'])
    expect(text).toContain(`# --- ${group} ---`);
  expect(text).toContain('# secret key at YooKassa (test shop)\nYOOKASSA_SECRET_KEY=\n');
});

test('the proxy sends each service its paths, and a share to each slot that has traffic', () => {
  const value = written();
  value.hosts.services['backend'] = { ...value.hosts.services['backend'], publishGreen: 8100 };
  const { app, slot } = theBot(value);
  const text = proxyFile(app, {
    slots: { blue: slot, green: slot },
    traffic: { blue: 95, green: 5 },
    tokens: { green: 'token' },
  });
  expect(text).toContain('upstream the-bot-staging-backend-green { server 127.0.0.1:8100; keepalive 32; }');
  expect(text).toMatch(
    /split_clients "\$request_id" \$sluice_share \{\n {2}95\.00% blue;\n {2}\* green;\n\}/,
  );
  expect(text).toContain('"token" green;');
  expect(text).toMatch(/location \/api\/ \{\n {4}proxy_pass http:\/\/the-bot-staging-backend-\$sluice_slot;/);
});

test('in place: files, checks, switch, each with the document’s time; only the deployment makes them run again', () => {
  const { app, slot } = theBot();
  const planned = planMachine({ app, slot, script: 'exit 0' });
  expect(planned.deployment).toBe(slot.deployment);
  expect(planned.commands.map((c) => [c.role, c.timeoutSeconds >= 60])).toEqual([
    ['files', true],
    ['prepare', true],
    ['switch', true],
  ]);
  expect(planned.commands.map((c) => c.timeoutSeconds).slice(0, 2)).toEqual([5 * 60, 10 * 60]);
  expect(planned.commands[2]?.command).toBe(
    `sh "/home/deploy/the-bot/sluice/host.sh" switch ${slot.deployment}`,
  );
});

test('two slots: the green one on its own ports, joined to what both share; its workers wait for the users', () => {
  const value = written();
  value.hosts.services['backend'] = { ...value.hosts.services['backend'], publishGreen: 8100 };
  value.hosts.services['frontend'] = { ...value.hosts.services['frontend'], publishGreen: 3100 };
  const { app, slot } = theBot({ ...value, strategy: 'blueGreen' });
  const files = releaseFiles(app, slot, 'green');
  const green = parse(files['compose.green.yaml'] ?? '') as {
    name: string;
    services: Record<string, Tree>;
    networks: Tree;
  };
  expect(green.name).toBe('the-bot-staging-green');
  expect(Object.keys(green.services).sort()).toEqual(['backend', 'beat', 'frontend', 'worker']);
  expect(green.services['backend']).toMatchObject({ ports: ['127.0.0.1:8100:8000'] });
  expect(green.services['worker']).toMatchObject({ profiles: ['serving'] });
  expect(green.networks['back']).toEqual({ name: 'the-bot-staging_back', external: true });
  expect(
    Object.keys((parse(files['compose.shared.yaml'] ?? '') as { services: Tree }).services).sort(),
  ).toEqual(['db', 'grafana', 'prometheus', 'redis']);
  expect(files['endpoints']).toContain('frontend http://127.0.0.1:3100/\n');
  const commands = planHostsSlot({ app, slot: 'green', frozen: slot, script: 'exit 0' });
  expect(commands.map((c) => c.role)).toEqual(['files', 'prepare', 'up']);
  expect(commands[2]?.undo).toMatch(/host\.sh" down \S+ green$/);
  expect(proxyCommand(app, 'green')).toBe(
    `sh "/home/deploy/the-bot/sluice/host.sh" proxy green '/home/deploy/the-bot/nginx/the-bot.conf' 'sudo nginx -s reload'`,
  );
});

test('everything wrong is told at once, with what is allowed', () => {
  const value = written();
  value.hosts.services['backend'] = {
    ...value.hosts.services['backend'],
    settings: ['databse'],
    needs: ['dbb'],
    cpu: '1 vCPU',
    publish: 3000,
  };
  value.hosts.services['redis'] = { ...value.hosts.services['redis'], needs: ['db'] };
  value.hosts.services['db'] = { ...value.hosts.services['db'], needs: ['redis'] };
  const complaint = (): unknown => theBot(value);
  expect(complaint).toThrow(/there is no group `databse`; did you mean `database`\?/);
  expect(complaint).toThrow(/there is no service `dbb`; did you mean `db`\?/);
  expect(complaint).toThrow(/backend\.cpu: is frozen with the release/);
  expect(complaint).toThrow(/services wait for each other: db → redis → db/);
  expect(complaint).toThrow(/port 3000 of the host is taken by backend\.publish/);
});

test('an image without its digest and a key in the place of its name are refused, the key unseen', () => {
  const value = written();
  value.hosts.services['redis'] = { ...value.hosts.services['redis'], image: 'redis:7' };
  const key = '-----BEGIN OPENSSH PRIVATE KEY-----';
  (value.hosts['machines'] as Record<string, Tree>)['staging'] = {
    address: 'a.example',
    user: 'deploy',
    key,
    hostKey: 'ssh-rsa x',
  };
  const complaint = (): unknown => theBot(value);
  expect(complaint).toThrow(/redis\.image: .*redis:7@sha256:<64 hex>/);
  expect(complaint).toThrow(/staging\.key: is not a name; a key must not stand here/);
  expect(complaint).toThrow(/staging\.hostKey: .*ssh-keyscan/);
  expect(complaint).not.toThrow(/BEGIN OPENSSH/);
});

test('smoke tests are asked at the containers themselves, each by the service that its path leads to', () => {
  const { app, slot } = theBot();
  const files = releaseFiles(app, slot);
  const rows = (files['smoke'] ?? '').trimEnd().split('\n');
  expect(rows).toHaveLength(app.smoke.tests.length);
  const number = app.smoke.tests.findIndex((t) => t.path === '/api/profile/');
  expect(rows[number]).toBe(`${number} critical 401 profile needs a login`);
  expect(files[`smoke.${number}`]?.split('\n')).toEqual([
    'url = "http://127.0.0.1:8000/api/profile/"',
    'request = "GET"',
    'max-time = 5',
  ]);
  const page = app.smoke.tests.findIndex((t) => t.path === '/');
  expect(files[`smoke.${page}`]).toContain('http://127.0.0.1:3000/');
  expect(files[`smoke.${page}.contains`]).toBe('root');
  // Where the engine walks through the release it asks itself, by the way of users.
  expect(releaseFiles({ ...app, rollout: 'staged' }, slot)['smoke']).toBe('');
});

test('what nobody may come into answers 503 with when to come again; probes still reach their slot', () => {
  const { app, slot } = theBot();
  const args = { slots: { blue: slot }, traffic: { blue: 100, green: 0 }, tokens: { blue: 'token' } };
  const [open, closed] = [proxyFile(app, args), proxyFile(app, { ...args, closed: true })];
  expect(open).toContain('  default $sluice_share;');
  expect(closed).toContain('  default none;\n  "token" blue;');
  expect(closed).toMatch(/if \(\$sluice_slot = none\) \{ return 503; \}/);
  expect(closed).toMatch(/add_header Retry-After "60" always;\n {4}return 503 "<!doctype html>/);
});
