import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UpdateFailed, type UpdateEvent } from '../../release/ports/stack.ts';
import { serveProvider } from '../../sandbox/grpc/server.ts';
import { D1 } from '../support/releases.ts';
import { liveTraffic } from './cli.ts';
import { driven, releaseOf } from './driven.ts';
import { azoraConfig, engineEnvironment, firstRelease, openGround, SERVICES, type Ground } from './ground.ts';
import { azora } from './program.ts';
import { checkpoint, openReal } from './updaters.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

const lockFile = (stack: string): string | undefined => {
  const folder = join(ground.directory, 'backend/.pulumi/locks/organization/sluice', stack);
  const [file] = existsSync(folder) ? readdirSync(folder) : [];
  return file === undefined ? undefined : join(folder, file);
};
/** Process that holds the stack's lock. */
const lockHolder = (stack: string): number | undefined => {
  const file = lockFile(stack);
  return file === undefined ? undefined : (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid;
};

const failureOf = (work: Promise<unknown>): Promise<UpdateFailed> =>
  work.then(
    () => {
      throw new Error('nothing failed');
    },
    (error: unknown) => {
      if (error instanceof UpdateFailed) return error;
      throw error;
    },
  );

const texts = (events: readonly UpdateEvent[]): string[] =>
  events.filter((e) => e.kind === 'message').map((e) => e.text);

test('pulumi is killed while services come up: the next run clears the lock, takes in what is there, makes nothing twice', async () => {
  const config = azoraConfig('production');
  const args = { ground, stack: 'production', program: azora, config };
  const release = firstRelease(ground, config, D1);
  const slow = {
    kind: 'resource',
    on: 'create',
    urn: '*::blue-auth-service-service',
    delayMs: 60_000,
  } as const;
  await ground.fault(slow);
  const first = await openReal(args);
  const up = Promise.withResolvers<void>();
  const update = failureOf(
    first.updater.up(release, {
      onEvent: (e) => {
        if (e.text === 'create blue-api-gateway-preview') up.resolve();
      },
    }),
  );
  await up.promise;
  // Some services are there by now, and pulumi waits for all of them to be steady.
  while ((await ground.sandbox.status()).services.length < SERVICES.length - 1) await delay(20);
  // In whatever order they come: the slow one has begun, and that was told.
  const begun = () => checkpoint(ground, 'production').deployment.pending_operations ?? [];
  while (!begun().some((p) => String(p.resource.urn).endsWith('::blue-auth-service-service')))
    await delay(20);
  await delay(500);
  const pid = lockHolder('production') ?? 0;
  process.kill(pid, 'SIGKILL');
  const failure = await update;
  expect(failure.message).toContain('SIGKILL');
  expect(failure.message).toMatch(/Begun, and not seen to end: .*blue-auth-service-service/);
  expect(failure.message).toContain('Changed before: ');
  expect(lockHolder('production')).toBe(pid);
  const pending = checkpoint(ground, 'production').deployment.pending_operations ?? [];
  expect(pending.map((p) => p.type)).toContain('creating');
  await first.close();
  await ground.clearFaults();

  // While another process holds the stack, what it has begun is none of ours: nothing is settled.
  const lock = lockFile('production') ?? '';
  const text = readFileSync(lock, 'utf8');
  const living = { ...(JSON.parse(text) as object), pid: process.pid, timestamp: new Date().toISOString() };
  writeFileSync(lock, JSON.stringify(living));
  const second = await openReal(args, { lockPatienceMs: 500 });
  await expect(second.updater.up(release, { onEvent: () => undefined })).rejects.toMatchObject({ exit: 3 });
  expect(checkpoint(ground, 'production').deployment.pending_operations).toHaveLength(pending.length);
  await second.close();
  writeFileSync(lock, text);

  // As the next runner would, which knows nothing of the first.
  const next = await openReal(args);
  const before = (await ground.sandbox.status()).services;
  const events: UpdateEvent[] = [];
  const { outputs } = await next.updater.up(release, { onEvent: (e) => events.push(e) });
  expect(texts(events)).toEqual([
    `took away the lock of process ${pid}, which is gone`,
    expect.stringMatching(/an earlier update was killed .*kept if there: .*blue-[a-z-]+-service/),
  ]);
  const { services } = await ground.sandbox.status();
  expect(services).toHaveLength(SERVICES.length);
  expect(services.every((s) => s.steady)).toBe(true);
  // Those that were there are the same processes.
  expect(services.flatMap((s) => s.pids)).toEqual(expect.arrayContaining(before.flatMap((s) => s.pids)));
  expect(outputs.release).toEqual(release);
  expect(await liveTraffic(ground, outputs.routing)).toEqual(
    Object.fromEntries(SERVICES.map((name) => [name, { blue: 100 }])),
  );
  const after = checkpoint(ground, 'production').deployment;
  expect(after.pending_operations ?? []).toEqual([]);
  expect(lockHolder('production')).toBeUndefined();
  await next.close();
});

test('the connection to the provider is cut: the update fails in order, and the same update mends it', async () => {
  const cut = await serveProvider(ground.sandbox.provider, '7.48.0');
  const args = { ground, stack: 'cut', program: driven({ beside: ['one', 'slow'] }) };
  const first = await openReal(args, { environment: engineEnvironment(ground.directory, cut.port) });
  await ground.fault({ kind: 'resource', on: 'create', urn: '*::slow', delayMs: 60_000 });
  const failure = await failureOf(
    first.updater.up(releaseOf(0), {
      onEvent: (e) => {
        if (e.text === 'create one') cut.close();
      },
    }),
  );
  expect(failure.failed.map((f) => f.urn.split('::').at(-1))).toEqual(['slow']);
  expect(failure.message).toContain('Changed before: one; everything else is as it was');
  expect(lockHolder('cut')).toBeUndefined();
  await first.close();
  await ground.clearFaults();
  const again = await openReal(args);
  const events: UpdateEvent[] = [];
  const { outputs } = await again.updater.up(releaseOf(0), { onEvent: (e) => events.push(e) });
  expect(texts(events)).toEqual([]);
  expect(events.filter((e) => e.kind === 'resource').map((e) => e.text)).toEqual(
    expect.arrayContaining(['create slow', 'create rule']),
  );
  expect(outputs.release?.serial).toBe(0);
  await again.close();
});
