/**
 * A process of its own whose standard input is the daemon's pipe. However the daemon ends, the pipe ends with it:
 * then everything it had announced is killed and its folders are removed. It imports nothing of the project,
 * so that it starts quickly and keeps working while the tree below it changes.
 *
 * One JSON object a line: {op: adopt, pid, group, signal} · {op: release, pid} · {op: remove, path} · {op: keep, path}
 */
import { readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

interface Adopted {
  group: boolean;
  signal: NodeJS.Signals;
  /** Start time in clock ticks where /proc tells it: a reused process id is never killed. */
  startedAt: string | undefined;
}
type Line =
  | { op: 'adopt'; pid: number; group: boolean; signal: NodeJS.Signals }
  | { op: 'release'; pid: number }
  | { op: 'remove' | 'keep'; path: string };

const GRACE_MS = 3_000;
const adopted = new Map<number, Adopted>();
const folders = new Set<string>();

const startTime = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
};

const send = (pid: number, entry: Adopted, signal: NodeJS.Signals | 0): boolean => {
  const now = startTime(pid);
  if (now !== undefined && entry.startedAt !== undefined && now !== entry.startedAt) return false;
  try {
    process.kill(entry.group ? -pid : pid, signal);
    return true;
  } catch {
    return false;
  }
};

const reap = async (): Promise<void> => {
  for (const [pid, entry] of adopted) send(pid, entry, entry.signal);
  const deadline = Date.now() + GRACE_MS;
  const alive = (): boolean => [...adopted].some(([pid, entry]) => send(pid, entry, 0));
  while (alive() && Date.now() < deadline) await delay(25);
  for (const [pid, entry] of adopted) send(pid, entry, 'SIGKILL');
  for (const path of folders) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
};

const apply = (line: Line): void => {
  switch (line.op) {
    case 'adopt':
      adopted.set(line.pid, { group: line.group, signal: line.signal, startedAt: startTime(line.pid) });
      break;
    case 'release':
      adopted.delete(line.pid);
      break;
    case 'remove':
      folders.add(line.path);
      break;
    case 'keep':
      folders.delete(line.path);
      break;
    default:
      line satisfies never;
  }
};

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
const lines = createInterface({ input: process.stdin });
lines.on('line', (text) => apply(JSON.parse(text) as Line));
lines.on('close', () => void reap().then(() => process.exit(0)));
