import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { messageSender } from '../../../release/adapters/messages/index.ts';
import { redactor } from '../../../lib/redact.ts';
import { sandboxSecrets } from '../../../sandbox/adapters/secrets.ts';
import { connectSandbox, startSandbox } from '../../../sandbox/client.ts';
import { ExpectedError } from '../../../lib/errors.ts';
import { busySandbox, temporarySandbox } from './stack.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'daemon-'));

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Where /proc is there: every process that works in the folder or has it in its command line. */
const inside = (directory: string): number[] => {
  if (!existsSync('/proc/self')) return [];
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return command.includes(directory) || readlinkSync(`/proc/${pid}/cwd`).startsWith(directory);
      } catch {
        return false;
      }
    });
};

/** Resolves to what is left after at most twenty seconds. */
const leftOver = async (directory: string, pids: readonly number[]): Promise<unknown> => {
  const look = () => ({
    processes: [...pids.filter(alive), ...inside(directory)],
    folder: existsSync(directory),
  });
  const deadline = Date.now() + 20_000;
  while ((look().processes.length > 0 || look().folder) && Date.now() < deadline) await delay(50);
  return look();
};
const NOTHING = { processes: [], folder: false };

describe('nothing is left', () => {
  test('after it was closed', async () => {
    const directory = folder();
    const { sandbox, pids } = await busySandbox(directory);
    expect(pids.every(alive)).toBe(true);
    await sandbox.close();
    expect(await leftOver(directory, pids)).toEqual(NOTHING);
  });

  test.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)('after %s to the daemon', async (signal) => {
    const directory = folder();
    const { sandbox, pids } = await busySandbox(directory);
    process.kill(sandbox.pid, signal);
    expect(await leftOver(directory, pids)).toEqual(NOTHING);
    await sandbox.close();
  });

  test('after kill -9 of the process that owns it', async () => {
    const directory = folder();
    const owner = spawn(process.execPath, [fileURLToPath(new URL('owner.ts', import.meta.url)), directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pids = await new Promise<number[]>((resolve) => {
      createInterface({ input: owner.stdout }).once('line', (line) =>
        resolve((JSON.parse(line) as { pids: number[] }).pids),
      );
    });
    owner.kill('SIGKILL');
    expect(await leftOver(directory, pids)).toEqual(NOTHING);
  });

  test.runIf(existsSync('/proc/self'))('after kill -9 of the reaper and then of the daemon', async () => {
    const directory = folder();
    const { sandbox, pids } = await busySandbox(directory);
    const reaper = (): number | undefined =>
      inside(directory).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('reaper.ts'));
    const first = reaper() ?? 0;
    process.kill(first, 'SIGKILL');
    while (reaper() === undefined || reaper() === first) await delay(10);
    await delay(200);
    process.kill(sandbox.pid, 'SIGKILL');
    expect(await leftOver(directory, pids)).toEqual(NOTHING);
    await sandbox.close();
  });
});

describe('the control API', () => {
  test('answers nothing without its token, which only its user can read', async () => {
    const sandbox = await temporarySandbox();
    const ask = (headers: Record<string, string>) => fetch(`${sandbox.url}/status`, { headers });
    expect((await ask({})).status).toBe(401);
    expect((await ask({ authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await ask({ authorization: `Bearer ${sandbox.token}` })).status).toBe(200);
    expect(new URL(sandbox.url).hostname).toBe('127.0.0.1');
    const file = join(sandbox.directory, 'daemon.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toContain(sandbox.token);
    await expect(sandbox.call('GET', '/nowhere')).rejects.toThrow(/no GET \/nowhere/);
    await sandbox.close();
  });

  test('keeps messages for whoever looks, and says which could not be sent', async () => {
    const sandbox = await temporarySandbox();
    const message = { event: 'success', title: 'v2.0.0 is live', text: 'all well', link: undefined } as const;
    await sandbox.call('POST', '/faults', { kind: 'webhookDown', channel: 'pagerduty' });
    const secrets = sandboxSecrets(sandbox);
    const { url: mail } = await sandbox.call<{ url: string }>('POST', '/mailbox');
    await secrets.put('SLACK', `${sandbox.url}/webhooks/slack`);
    await secrets.put('PAGER', `${sandbox.url}/webhooks/pagerduty#key`);
    await secrets.put('MAIL', mail);
    const on = ['success'] as const;
    const sent = await messageSender(
      [
        { to: 'slack', secret: 'SLACK', on, channel: undefined },
        { to: 'pagerduty', secret: 'PAGER', on, channel: undefined },
        { to: 'email', secret: 'MAIL', on, channel: 'team@azora.example' },
      ],
      { secrets, names: {}, environment: {}, hidden: redactor() },
    ).send(message);
    expect(sent).toMatchObject([
      { to: 'slack', sent: true },
      {
        to: 'pagerduty',
        sent: false,
        reason: expect.stringContaining('channel pagerduty is down') as string,
      },
      { to: 'email team@azora.example', sent: true },
    ]);
    expect(await sandbox.call('GET', '/webhooks/slack')).toMatchObject([
      { body: { text: 'v2.0.0 is live' } },
    ]);
    expect(await sandbox.call('GET', '/webhooks/email')).toMatchObject([
      {
        body: {
          to: ['team@azora.example'],
          text: expect.stringMatching(/^Subject: v2\.0\.0 is live$.*^all well$/ms) as string,
        },
      },
    ]);
    await sandbox.close();
  });
});

test('a detached sandbox is found by its folder, refuses a second one there, and is shut down from outside', async () => {
  const directory = folder();
  const started = await startSandbox({ directory, detached: true, postgres: false });
  await started.close();
  expect(alive(started.pid)).toBe(true);
  await expect(startSandbox({ directory, postgres: false })).rejects.toThrow(/a sandbox runs in .* already/);
  const found = await connectSandbox(directory);
  expect(found.pid).toBe(started.pid);
  const again = await connectSandbox({ url: found.url, token: found.token });
  expect(await again.status()).toMatchObject({ services: [] });
  await again.close();
  await found.shutdown();
  expect(alive(started.pid)).toBe(false);
  await expect(connectSandbox(directory)).rejects.toThrow(/no sandbox runs in/);
  rmSync(directory, { recursive: true });
});

test('a folder that cannot be written to is refused with what to give instead', async () => {
  const place = folder();
  const file = join(place, 'file');
  writeFileSync(file, '');
  const failure = await startSandbox({ directory: join(file, 'below') }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ExpectedError);
  expect((failure as ExpectedError).exit).toBe(2);
  expect((failure as ExpectedError).message).toMatch(
    /cannot write into .*allowed: a folder that this user may write to/s,
  );
  rmSync(place, { recursive: true });
});
