import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { logPath } from '../../../cli/tasks/environment.ts';
import { migrateInNetwork, withTasks } from '../../../cli/tasks/migrate-in-network.ts';
import type { MigrateInput } from '../../../cli/tasks/migrate.ts';
import { systemClock } from '../../../lib/clock.ts';
import { folderObjects } from '../../../release/adapters/objects-folder.ts';
import type { Tasks } from '../../../release/ports/supply.ts';

const directory = mkdtempSync(join(tmpdir(), 'sluice-in-network-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A task of the network is a command of this machine; the service's secrets are in its environment. */
let runs = 0;
const tasks: Pick<Tasks, 'run'> = {
  run: (command, environment, onLine) =>
    new Promise((resolve) => {
      runs += 1;
      const env = { PATH: process.env['PATH'], PROD_DATABASE_URL: 'postgres://inside', ...environment };
      const child = execFile('sh', ['-c', command], { env }, (_, stdout) => {
        for (const line of stdout.trimEnd().split('\n')) onLine(line);
        resolve({ exitCode: child.exitCode ?? 1 });
      });
    }),
};

const input: MigrateInput = {
  environment: 'production',
  deployment: '1700000000-abcdef123456',
  version: 'v2.0.0',
  directory,
  timeout: 60_000,
  recordBucket: 'records',
  database: { arn: '', version: '' },
  command: 'echo "migrates $DATABASE_URL to $VERSION" # with a note',
  after: 'echo "files of $SLUICE_DEPLOYMENT"',
  migrations: undefined,
  urlName: 'PROD_DATABASE_URL',
  cwd: directory,
};
const ports = { clock: systemClock, signal: new AbortController().signal, env: {}, tasks };
const records = folderObjects(join(directory, 'records'), '');

it('runs once in its task, with the service’s address of the database; its words are in the log', async () => {
  const marker = await migrateInNetwork(input, ports, records);
  expect(marker).toMatchObject({ deployment: input.deployment, version: 'v2.0.0' });
  const log = readFileSync(logPath(directory, input.deployment, 'migrate'), 'utf8');
  expect(log).toContain('migrates postgres://inside to v2.0.0');
  expect(log).toContain(`files of ${input.deployment}`);
  expect(await migrateInNetwork(input, ports, records)).toEqual(marker);
  expect(runs).toBe(1);
});

it('fails with the last words of the command, and may run again', async () => {
  const failing = {
    ...input,
    deployment: '1700000001-abcdef123456',
    command: 'echo "error: no table x"; false',
  };
  await expect(migrateInNetwork(failing, ports, records)).rejects.toMatchObject({
    exit: 5,
    message: expect.stringMatching(/ended with 1 in its task\)\n {2}error: no table x$/),
  });
  const mended = { ...failing, command: 'true', after: undefined };
  expect((await migrateInNetwork(mended, ports, records)).deployment).toBe(failing.deployment);
});

it('says everything that it was not told about its place', async () => {
  const env = { SLUICE_CLUSTER: 'azora' };
  await expect(withTasks({ env, clock: systemClock }, () => Promise.resolve(0))).rejects.toMatchObject({
    exit: 2,
    problems: ['SLUICE_TASK_DEFINITION', 'SLUICE_SUBNETS', 'SLUICE_SECURITY_GROUPS'].map((path) =>
      expect.objectContaining({ path }),
    ),
  });
});
