import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readVersions, sandboxImages } from '../../../sandbox/adapters/images.ts';
import type { Sandbox } from '../../../sandbox/client.ts';
import { ExpectedError } from '../../../lib/errors.ts';
import { APPLICATION, declare, temporarySandbox } from './stack.ts';

const run = promisify(execFile);
const DBMATE = fileURLToPath(new URL('../../../node_modules/.bin/dbmate', import.meta.url));

let sandbox: Sandbox;
let databaseUrl = '';
beforeAll(async () => {
  sandbox = await temporarySandbox({ postgres: true });
  ({ url: databaseUrl } = await sandbox.call<{ url: string }>('POST', '/postgres/databases', {
    name: 'azora',
  }));
});
afterAll(() => sandbox.close());

const migrate = (folder: string) =>
  run(DBMATE, ['--no-dump-schema', '--migrations-dir', join(APPLICATION, folder), 'up'], {
    env: { ...process.env, DATABASE_URL: databaseUrl },
  });
const columns = async (): Promise<string[]> => {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ at: string }>(
    `select table_name || '.' || column_name as at from information_schema.columns where table_schema = 'public' order by 1`,
  );
  await client.end();
  return rows.map((row) => row.at).filter((at) => /^(courses|listings)\./.test(at));
};

const FIRST = [
  'courses.id',
  'courses.teacher',
  'courses.title',
  'listings.id',
  'listings.price',
  'listings.title',
];

test('the bad migration fails in its second statement and leaves the database as it was', async () => {
  await migrate('migrations-v1');
  expect(await columns()).toEqual(FIRST);
  await expect(migrate('migrations-bad')).rejects.toThrow(
    /column "level" of relation "courses" contains null values/,
  );
  expect(await columns()).toEqual(FIRST);
});

test('both versions serve before and after the second migration, as their schema allows', async () => {
  const images = sandboxImages(sandbox, { application: APPLICATION });
  const repository = 'docker.io/azora/education-service';
  const lb = await declare(sandbox, 'aws:lb/loadBalancer:LoadBalancer', 'alb', { subnets: ['a', 'b'] });
  const group = await declare(sandbox, 'aws:lb/targetGroup:TargetGroup', 'education', {
    port: 80,
    vpcId: 'v',
    healthCheck: { path: '/health/readiness' },
  });
  await declare(sandbox, 'aws:lb/listener:Listener', 'http', {
    loadBalancerArn: lb.id,
    defaultActions: [{ type: 'forward', targetGroupArn: group.id }],
  });
  const start = async (version: string) => {
    const lines: string[] = [];
    await images.build(version, [repository], (line) => lines.push(line));
    expect(lines.at(-1)).toMatch(/^education-service: pushed sha256:/);
    const definition = await declare(sandbox, 'aws:ecs/taskDefinition:TaskDefinition', version, {
      family: 'education',
      containerDefinitions: JSON.stringify([
        {
          name: 'app',
          image: await images.find(repository, version),
          environment: [{ name: 'DATABASE_URL', value: databaseUrl }],
        },
      ]),
    });
    return declare(sandbox, 'aws:ecs/service:Service', version.replaceAll('.', '-'), {
      taskDefinition: definition.outputs['arn'],
      desiredCount: 1,
      waitForSteadyState: true,
      loadBalancers: [{ targetGroupArn: group.id, containerName: 'app', containerPort: 80 }],
    });
  };
  const ask = async (path: string) => {
    const response = await fetch(`http://${String(lb.outputs['dnsName'])}${path}`);
    return {
      version: response.headers.get('x-version'),
      body: (await response.json()) as Record<string, unknown>,
    };
  };
  await start('v1.0.0');
  expect((await ask('/health')).body).toMatchObject({ status: 'healthy', version: '1.0.0' });
  await migrate('migrations');
  const first = await ask('/api/education/courses');
  expect(first.version).toBe('1.0.0');
  expect(first.body['courses']).toContainEqual({ id: '1', title: 'Course 1', teacher: 'Teacher 1' });
  await start('v2.0.0');
  const answers = [await ask('/api/education/courses'), await ask('/api/education/courses')];
  const second = answers.find((a) => a.version === '2.0.0');
  expect(second?.body['courses']).toContainEqual({
    id: '1',
    title: 'Course 1',
    teacher: 'Teacher 1',
    level: 'beginner',
  });
});

test('a faulty build is another image of the same version; an unknown version or fault is refused', async () => {
  const repository = 'docker.io/azora/auth-service';
  const digest = async (faults: Record<string, string>): Promise<string | undefined> => {
    const images = sandboxImages(sandbox, { application: APPLICATION, faults });
    await images.build('v2.0.0', [repository], () => undefined);
    return images.find(repository, 'v2.0.0');
  };
  const { faults } = await readVersions(APPLICATION);
  const builds = [await digest({})];
  for (const name of ['errors', 'slow', 'crash', 'wrong-version', 'smoke-fails']) {
    expect(faults[name], name).toBeDefined();
    builds.push(await digest({ 'v2.0.0': name }));
  }
  expect(new Set(builds).size).toBe(6);
  expect(builds[0]).toMatch(/@sha256:[0-9a-f]{64}$/);
  await expect(digest({ 'v2.0.0': 'no-such' })).rejects.toThrow(ExpectedError);
  const images = sandboxImages(sandbox, { application: APPLICATION });
  await expect(images.build('v3.0.0', [repository], () => undefined)).rejects.toThrow(
    /allowed: v1.0.0, v2.0.0/,
  );
  expect(await images.find(repository, 'v3.0.0')).toBeUndefined();
});

test('the first migration is the same file in every folder', () => {
  const text = (folder: string) =>
    readFileSync(join(APPLICATION, folder, '20260105090000_first_schema.sql'), 'utf8');
  expect(text('migrations-v1')).toBe(text('migrations'));
  expect(text('migrations-bad')).toBe(text('migrations'));
});
