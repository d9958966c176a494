import { existsSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { refused, type ExpectedError } from '../../../lib/errors.ts';

/** Who holds a lock of a self-managed backend, in the words of `pulumi`. */
export interface LockHolder {
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: number;
  /** Address of the lock's file. */
  readonly url: string;
}

const LOCKED = /the stack is currently locked by \d+ lock/;
const HOLDER = /^\s*(\S+): created by (.+?)@(\S+) \(pid (\d+)\) at (\S+)/gm;

/** Holders named by the message of a locked stack; undefined: the message is about something else. */
export const lockHolders = (message: string): readonly LockHolder[] | undefined =>
  LOCKED.test(message)
    ? [...message.matchAll(HOLDER)].map(([, url = '', user = '', host = '', pid = '', at = '']) => ({
        url,
        user,
        host,
        pid: Number(pid),
        at: Date.parse(at),
      }))
    : undefined;

/** Start of a process, ms since 1970; undefined where the system does not tell. */
const startedAt = (pid: number): number | undefined => {
  try {
    // Field 22, counted after the name in brackets, which may hold spaces: ticks (1/100 s) since boot.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    const boot = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]);
    return Number.isFinite(ticks) && Number.isFinite(boot) ? boot * 1000 + ticks * 10 : undefined;
  } catch {
    return undefined;
  }
};

/** Boot time is given in whole seconds, and so is the time of a lock. */
const SLACK_MS = 3_000;

/**
 * Whether the holder is known to be gone: it ran on this machine, and no process has its number, or one that was
 * started after the lock was made. Of other machines nothing is known.
 */
export const isGone = ({ host, pid, at }: LockHolder): boolean => {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
  const started = startedAt(pid);
  return started !== undefined && started > at + SLACK_MS;
};

/**
 * Takes away locks whose holders are gone: each by its own file, so that a lock made meanwhile stays. Returns them;
 * empty: nothing was done, because somebody may still be at work, or because the locks are no local files.
 */
export const clearDeadLocks = (holders: readonly LockHolder[]): readonly LockHolder[] => {
  if (holders.length === 0 || !holders.every((h) => h.url.startsWith('file://') && isGone(h))) return [];
  for (const { url } of holders) rmSync(fileURLToPath(url), { force: true });
  return holders;
};

/** How often it is looked whether a process has ended. */
const POLL_MS = 250;

/**
 * Waits until the holders, processes of this machine that still run, have ended or let go. False: they have not until
 * `deadline` (ms of `performance.now()`), or it is somebody of another machine, of whom nothing is known. `onWait`: it
 * is waited.
 */
export const haveEnded = async (
  holders: readonly LockHolder[],
  deadline: number,
  onWait: () => void,
  signal?: AbortSignal,
): Promise<boolean> => {
  if (holders.length === 0 || !holders.every((h) => h.host === hostname() && h.url.startsWith('file://')))
    return false;
  onWait();
  const held = (h: LockHolder): boolean => existsSync(fileURLToPath(h.url)) && !isGone(h);
  while (holders.some(held)) {
    if (signal?.aborted === true || performance.now() >= deadline) return false;
    await delay(POLL_MS);
  }
  return true;
};

const nameOf = (h: LockHolder): string =>
  `${h.user}@${h.host} (process ${h.pid}${isGone(h) ? ', which is gone' : ''}) since ${new Date(h.at).toISOString()}`;

/** What a person reads when the stack is locked. */
export const lockedError = (stack: string, holders: readonly LockHolder[], cause: unknown): ExpectedError => {
  const who = holders.length === 0 ? 'another update' : holders.map(nameOf).join(', ');
  return refused(
    `stack ${stack} is locked by ${who}; nothing was changed`,
    `wait for it; when that process is known to be gone: pulumi cancel --yes --stack ${stack}` +
      `   (traffic can go back meanwhile: sluice rollback --mode emergency --stack ${stack})`,
    cause,
  );
};
