import { setTimeout as delay } from 'node:timers/promises';
import pc from 'picocolors';
import { EXIT, refused, type ExitCode } from '../../lib/errors.ts';
import { liveVersion } from '../../release/core/release.ts';
import { startTraffic, type Summary } from '../../sandbox/traffic/client.ts';
import type { UpdateResult } from '../../release/ports/stack.ts';
import type { Printer } from '../print.ts';
import type { Example } from './example.ts';
import { seedImages } from './seed.ts';
import { usersOf } from './users.ts';
import { openDemoWorld, type DemoWorld } from './world.ts';

export interface DirectOptions {
  readonly example: Example;
  readonly stack: string;
  readonly directory: string;
  readonly rate: number;
  readonly seed: number;
}

const update = async (world: DemoWorld, version: string, print: Printer): Promise<UpdateResult> => {
  const session = await world.session(version, { bakes: [], values: { 'sluice:version': version } });
  return session.stack.up(undefined, {
    onEvent: (event) => {
      if (event.kind === 'message' || event.kind === 'failed' || isShown(event.text))
        print.event('stack', { ...event }, `    ${event.text.replace(/^create-replacement /, 'run ')}`);
    },
  });
};

/** Of about a hundred resources, those that a person follows. */
const isShown = (text: string): boolean =>
  !/^(replace|delete-replaced) /.test(text) &&
  /(backup|migrate|verify|smoke|record)-command|routing|-(blue|green)-service|rule/.test(text);

/** The direct way: `sluice:version` is set, and one update deploys it: migration, new slot, health, traffic. */
export const runDirectDemo = async (
  options: DirectOptions,
  print: Printer,
  signal: AbortSignal,
): Promise<ExitCode> => {
  const say = (text: string): void => print.event('note', { text }, text);
  const startedAt = performance.now();
  const { title, from, to } = options.example;
  say(pc.bold(`Sluice demo: ${title} ${from} → ${to} in ${options.stack}, directly: one update each`));
  const interrupted = new Promise<never>((_, reject) => {
    const stop = (): void => reject(refused('interrupted: the demo and its cloud are gone'));
    signal.addEventListener('abort', stop, { once: true });
  });
  interrupted.catch(() => undefined);
  const world = await openDemoWorld(options.stack, options.directory, options.example);
  try {
    const { second, traffic } = await Promise.race([twoUpdates(world, options, print), interrupted]);
    return tell(to, second, traffic, performance.now() - startedAt, print);
  } finally {
    await world.close();
  }
};

/** Version 1 by one update, users, version 2 by another. */
const twoUpdates = async (
  world: DemoWorld,
  options: DirectOptions,
  print: Printer,
): Promise<{ second: UpdateResult; traffic: Summary }> => {
  const say = (text: string): void => print.event('note', { text }, text);
  const { from, to, application } = options.example;
  const { app } = (await world.session(from, { bakes: [] })).config;
  await seedImages(world.sandbox, app, application);
  const command = (version: string): string =>
    `$ pulumi config set sluice:version ${version} && pulumi up --stack ${options.stack}`;
  say(command(from));
  const first = await update(world, from, print);
  const traffic = startTraffic({
    ...usersOf(options.example, app, first.outputs.url, world.sandbox),
    rate: options.rate,
    seed: options.seed,
  });
  await delay(1_000);
  say(`${command(to)}   (users: ${options.rate} requests/s)`);
  const second = await update(world, to, print);
  await delay(1_000);
  return { second, traffic: await traffic.stop() };
};

const tell = (
  to: string,
  result: UpdateResult,
  traffic: Summary,
  tookMs: number,
  print: Printer,
): ExitCode => {
  const live = liveVersion(result.outputs.release);
  const good = live === to && traffic.failed === 0;
  const changes = Object.entries(result.changes)
    .map(([op, n]) => `${n} ${op}`)
    .join(', ');
  print.result(
    'summary',
    { asItShould: good, live, changes: result.changes, traffic },
    [
      '',
      `${good ? pc.green('✓ ended as it should') : pc.red('✗ did NOT end as it should')}: ${live ?? 'nothing'} is live after one update of ${(result.durationMs / 1000).toFixed(1)} s (${changes})`,
      `  users      ${traffic.answered} requests answered, ${traffic.failed} failed`,
      `  took       ${(tookMs / 1000).toFixed(1)} s`,
    ].join('\n'),
  );
  return good ? EXIT.done : EXIT.bug;
};
