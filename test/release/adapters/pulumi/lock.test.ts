import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import {
  clearDeadLocks,
  haveEnded,
  isGone,
  lockedError,
  lockHolders,
} from '../../../../release/adapters/pulumi/lock.ts';

const GONE = 2 ** 22 + 1;
const folder = mkdtempSync(join(tmpdir(), 'sluice-locks-'));
afterAll(() => rmSync(folder, { recursive: true }));

const lockFile = (name: string): string => {
  writeFileSync(join(folder, name), '{}');
  return pathToFileURL(join(folder, name)).href;
};
const at = new Date(Date.now() - 60_000).toISOString();
const said = (...lines: string[]): string =>
  [
    `pulumi up --yes ended with 255: error: the stack is currently locked by ${lines.length} lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.`,
    ...lines.map((line) => `  ${line}`),
  ].join('\n');
const holder = (pid: number, host = hostname(), url = 's3://bucket/lock.json') => ({
  user: 'me',
  host,
  pid,
  at: Date.parse(at),
  url,
});

it('reads who holds a stack off the words of pulumi', () => {
  const text = said(
    `file:///backend/.pulumi/locks/organization/sluice/production/a.json: created by root@runner-7 (pid 4711) at ${at}`,
    `s3://state/.pulumi/locks/b.json: created by deploy user@host.example (pid 12) at ${at}`,
  );
  expect(lockHolders(text)).toEqual([
    {
      url: 'file:///backend/.pulumi/locks/organization/sluice/production/a.json',
      user: 'root',
      host: 'runner-7',
      pid: 4711,
      at: Date.parse(at),
    },
    {
      url: 's3://state/.pulumi/locks/b.json',
      user: 'deploy user',
      host: 'host.example',
      pid: 12,
      at: Date.parse(at),
    },
  ]);
  expect(lockHolders('error: no stack selected')).toBeUndefined();
});

it('a process is gone only where that can be proved', () => {
  expect(isGone(holder(GONE))).toBe(true);
  expect(isGone(holder(GONE, 'another-machine'))).toBe(false);
  expect(isGone({ ...holder(process.pid), at: Date.now() })).toBe(false);
  // Process 1 runs, and ran before the lock was made.
  expect(isGone({ ...holder(1), at: Date.now() })).toBe(false);
});

it.runIf(process.platform === 'linux')('a number that was given to a younger process proves it, too', () => {
  expect(isGone({ ...holder(process.pid), at: Date.now() - 86_400_000 })).toBe(true);
});

it('a process of this machine is waited for until it ends or lets go; one of another machine is not', async () => {
  const patience = (ms: number): number => performance.now() + ms;
  let waits = 0;
  const ended = (url: string, pid: number, host: string, ms: number): Promise<boolean> =>
    haveEnded([{ ...holder(pid, host, url), at: Date.now() }], patience(ms), () => void (waits += 1));
  const sleeper = spawn('sleep', ['0.4']);
  expect(await ended(lockFile('a.json'), sleeper.pid ?? 0, hostname(), 10_000)).toBe(true);
  expect(sleeper.exitCode ?? sleeper.signalCode).toBe(0);
  const url = lockFile('b.json');
  setTimeout(() => rmSync(join(folder, 'b.json')), 300);
  expect(await ended(url, process.pid, hostname(), 10_000)).toBe(true);
  expect(await ended(lockFile('c.json'), process.pid, hostname(), 100)).toBe(false);
  expect(waits).toBe(3);
  expect(await ended(lockFile('d.json'), 1, 'another-machine', 10_000)).toBe(false);
  expect(waits).toBe(3);
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
});

it('takes away locks of dead processes, by their own files, and none where one may live', () => {
  const dead = lockFile('dead.json');
  const alive = lockFile('alive.json');
  const living = { ...holder(process.pid, hostname(), alive), at: Date.now() };
  expect(clearDeadLocks([holder(GONE, hostname(), dead), living])).toEqual([]);
  expect(clearDeadLocks([holder(GONE)])).toEqual([]);
  expect(clearDeadLocks([])).toEqual([]);
  expect(readdirSync(folder)).toEqual(['alive.json', 'dead.json']);
  expect(clearDeadLocks([holder(GONE, hostname(), dead)])).toHaveLength(1);
  expect(readdirSync(folder)).toEqual(['alive.json']);
});

it('says who, since when, and what to run', () => {
  const error = lockedError('production', [holder(4711, 'runner-7')], undefined);
  expect(error.exit).toBe(3);
  expect(error.message).toBe(
    `stack production is locked by me@runner-7 (process 4711) since ${at}; nothing was changed`,
  );
  expect(error.hint).toContain('pulumi cancel --yes --stack production');
  expect(lockedError('production', [holder(GONE)], undefined).message).toContain(
    `process ${GONE}, which is gone`,
  );
  expect(lockedError('production', [], undefined).message).toContain('locked by another update');
});
