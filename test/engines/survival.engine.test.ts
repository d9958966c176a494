import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { journalStore } from '../../release/adapters/journal.ts';
import { deploymentId } from '../../lib/ids.ts';
import { CommandWorld } from '../support/command-world.ts';

/** A whole release by the real engine, with the real tasks, whose runners die. */
let world: CommandWorld;
beforeAll(async () => {
  world = await CommandWorld.open({ engine: 'real' });
}, 200_000);
afterAll(async () => {
  const seen = await world.close();
  // Whoever was killed carried no request.
  expect(seen?.failed).toBe(0);
});

interface Ended {
  readonly killed: boolean;
  readonly effects: readonly string[];
  readonly result: string | undefined;
  readonly told: string;
}

const SCRIPT = fileURLToPath(new URL('../support/runner-process.ts', import.meta.url));

const runner = async (mode: string, deployment: string, kind = '', when = ''): Promise<Ended> => {
  const args = [SCRIPT, world.directory, mode, deployment, kind, when];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: world.environment,
  });
  const lines: { effect?: string; result?: string }[] = [];
  let errors = '';
  createInterface({ input: child.stdout }).on('line', (text) => lines.push(JSON.parse(text) as object));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const signal = await new Promise<string | null>((done) => child.once('close', (_, by) => done(by)));
  return {
    killed: signal === 'SIGKILL',
    effects: lines.flatMap((l) => l.effect ?? []),
    result: lines.at(-1)?.result,
    told: `${lines.map((l) => JSON.stringify(l)).join('\n')}\n${errors}`,
  };
};

/** In the order in which a release comes to them. */
const RELEASE: readonly (readonly [kind: string, when: string])[] = [
  ['preflight', 'after'],
  ['acquire', 'after'],
  ['facts', 'before'],
  ['metadata', 'before'],
  ['build', 'before'],
  ['freeze', 'after'],
  ['update', 'after'],
  ['probe', 'before'],
  ['baseline', 'after'],
  ['update', 'during'],
  ['look', 'after'],
  ['update', 'before'],
  ['smoke', 'after'],
  ['record', 'before'],
];
/** Each runner goes on where the one before was killed, and is killed at the next point. */
const walk = async (points: readonly (readonly [string, string])[]): Promise<string> => {
  const deployment = deploymentId(Date.now(), 'd'.repeat(40));
  for (const [i, [kind, when]] of points.entries()) {
    const ended = await runner(i === 0 ? 'deploy' : 'continue', deployment, kind, when);
    if (!ended.killed) throw new Error(`was to die ${when} ${kind}, but ended:\n${ended.told}`);
  }
  const last = await runner('continue', deployment);
  expect(last.result, last.told).toBe('success');
  return deployment;
};

const expectAgreement = async (deployment: string, slot: 'blue' | 'green'): Promise<void> => {
  const look = await world.look();
  expect(look).toMatchObject({ drift: [], open: [] });
  expect(Object.values(look.live)).toEqual(Array.from({ length: 4 }, () => ({ [slot]: 100 })));
  expect((await world.record(deployment))?.status).toBe('success');
  const entry = await world.session(async ({ session }) =>
    journalStore(session.objects(await session.outputs()).lease, 'production').load(deployment),
  );
  expect(entry?.state.phase).toMatchObject({ name: 'done', result: { status: 'success' } });
  expect(look.outputs.release?.serial).toBe(entry?.state.current?.serial);
};

test('killed with -9 at one kind of effect after the other, a release is resumed to its end', async () => {
  const before = await world.look();
  const [slot] = Object.keys(Object.values(before.live)[0] ?? {});
  await expectAgreement(await walk(RELEASE), slot === 'blue' ? 'green' : 'blue');
}, 400_000);
