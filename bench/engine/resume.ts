/** A runner dies; from when on the next one of the same deployment acts. Real engine, processes of their own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { leaseStore } from '../../release/adapters/lease.ts';
import { beginWith, openEngineWorld, requestOf } from './world.ts';

const LEASE_MS = 6_000;
const PATIENCE_MS = 60_000;

interface Line {
  readonly at: number;
  readonly effect: string;
}

const script = fileURLToPath(new URL('runner.ts', import.meta.url));

/** Starts a runner; `until` resolves with the first effect that fits. */
const start = (directory: string, mode: string, deployment: string) => {
  const child: ChildProcess = spawn(
    process.execPath,
    [script, directory, mode, String(LEASE_MS), deployment],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines: Line[] = [];
  const { stdout } = child;
  if (stdout === null) throw new Error('no pipe');
  createInterface({ input: stdout }).on('line', (text) => lines.push(JSON.parse(text) as Line));
  const exited = new Promise<void>((done) => child.once('close', () => done()));
  const until = async (fits: (line: Line) => boolean): Promise<Line> => {
    const deadline = Date.now() + PATIENCE_MS;
    while (Date.now() < deadline) {
      const found = lines.find(fits);
      if (found !== undefined) return found;
      await delay(10);
    }
    throw new Error(`the runner (${mode}) did not get there: ${JSON.stringify(lines)}`);
  };
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  return { until, kill };
};

export interface Resumed {
  /** Whether the old lease still ran when the next runner was started. */
  readonly leaseRan: boolean;
  /** From the later of the lease's end and the process's start to the first effect that acts, ms. */
  readonly ms: number;
}

export const resumes = async (times: number, say: (line: string) => void): Promise<Resumed[]> => {
  const world = await openEngineWorld();
  try {
    const session = await world.session('real');
    await beginWith(session, 'v1.0.0');
    const { deployment } = requestOf(session, 'v2.0.0');
    let runner = start(world.directory, 'deploy', deployment);
    const leases = leaseStore(session.objects(await session.outputs()).lease, 'production', session.clock);
    const found: Resumed[] = [];
    for (let i = 0; i < times; i += 1) {
      await runner.until((l) => l.effect === 'look');
      await runner.kill();
      const expiresAt = (await leases.read())?.expiresAt ?? 0;
      const leaseRan = i % 2 === 0;
      if (!leaseRan) await delay(Math.max(0, expiresAt - Date.now()) + 500);
      const startedAt = Date.now();
      runner = start(world.directory, 'continue', deployment);
      const { at } = await runner.until((l) => l.effect !== 'acquire');
      const resumed = { leaseRan, ms: at - Math.max(expiresAt, startedAt) };
      found.push(resumed);
      say(`resumed ${i + 1} of ${times}: first effect after ${resumed.ms} ms`);
    }
    await runner.kill();
    await session.close();
    return found;
  } finally {
    await world.close();
  }
};
