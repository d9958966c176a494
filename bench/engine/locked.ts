/** An emergency rollback of twenty services while the stack's lock is held by a run that died. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Session } from '../../cli/session/open.ts';
import { recordStore } from '../../release/adapters/records.ts';
import { createOperator, runRollback } from '../../release/runner.ts';
import { rollbackOf, type Rollback } from '../rollout/rollback.ts';
import { beginWith, openEngineWorld, releaseOf, requestOf, type AppEdit, type EngineWorld } from './world.ts';

export const SERVICES = 20;

const twenty: AppEdit = (app) => {
  app['services'] = Object.fromEntries(
    Array.from({ length: SERVICES }, (_, i) => [
      `service-${i + 1}`,
      { path: `/service-${i + 1}/*`, port: 3_000 + i, health: { publicPath: `/service-${i + 1}/health` } },
    ]),
  );
  app['smoke'] = { tests: [{ name: 'first', path: '/service-1/health' }] };
};

/** Number of a process that is gone. */
const goneProcess = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    child.once('error', reject);
    child.once('exit', () => resolve(child.pid ?? 0));
  });

/** As `pulumi` leaves it when it is killed. */
const lock = async (world: EngineWorld, session: Session): Promise<void> => {
  const { project, stack } = session.config;
  const folder = join(world.directory, 'backend/.pulumi/locks/organization', project, stack);
  mkdirSync(folder, { recursive: true });
  const holder = { pid: await goneProcess(), username: userInfo().username, hostname: hostname() };
  const content = { ...holder, timestamp: new Date().toISOString() };
  writeFileSync(join(folder, '7b0d94a0-2b0c-4b0e-9d5b-0f5a3e0f7c11.json'), JSON.stringify(content));
};

/** Rolls back and forth `times` times, from a stack that is locked each time. */
export const lockedRollbacks = async (times: number, say: (line: string) => void): Promise<Rollback[]> => {
  const world = await openEngineWorld(twenty);
  try {
    const session = await world.session('real');
    await beginWith(session, 'v1.0.0');
    say(`${SERVICES} services of version 1 are up`);
    await releaseOf(session, 'v2.0.0');
    say(`${SERVICES} services of version 2 have the traffic`);
    const found: Rollback[] = [];
    for (let run = 0; run < times; run += 1) {
      const outputs = await session.outputs();
      const to = run % 2 === 0 ? 'v1.0.0' : 'v2.0.0';
      const asked = { ...requestOf(session, to), reason: 'service outage' };
      const rollback = { mode: 'emergency', override: true, restoreDatabase: false, to } as const;
      await lock(world, session);
      const options = { ...session.run(outputs, asked.deployment), operator: createOperator(), pollMs: 200 };
      await runRollback(options, { ...asked, rollback });
      const record = await recordStore(session.objects(outputs).record, 'production').read(asked.deployment);
      if (record === undefined) throw new Error('the rollback left no record');
      const made = rollbackOf(record);
      found.push(made);
      say(
        `rollback ${run + 1} of ${times}: ${made.restoredMs ?? '?'} ms, recorded after ${made.recordedMs ?? '?'} ms`,
      );
    }
    await session.close();
    return found;
  } finally {
    await world.close();
  }
};
