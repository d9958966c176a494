import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pc from 'picocolors';
import ssh2 from 'ssh2';
import { badInput, EXIT, messageOf, refused, type ExitCode } from '../../lib/errors.ts';
import { nearest } from '../../lib/nearest.ts';
import { overSsh } from '../../release/adapters/hosts/ssh.ts';
import type { Printer } from '../print.ts';
import type { Example } from './example.ts';
import { HOSTS_SCENARIOS, type HostsScenario } from './hosts-scenarios.ts';
import { openHostsWorld, type HostsWorld } from './hosts-world.ts';
import { watchAnswers, type Outage } from './outage.ts';

/** How a story ended, and what users noticed of it. */
export interface HostsEnd {
  /** What the update said: of success the last line of the host's log. */
  readonly message: string;
  /** What the manifest on the host names. */
  readonly runs: string;
  /** Version that users get an answer from. */
  readonly answers: string;
  readonly outages: readonly Outage[];
  /** Longest start of a service, ms from its process to its first answer; by its own log. */
  readonly ownStartMs: number;
  readonly tookMs: number;
}

/** Where each service that users reach answers for itself. */
const pathsOf = ({ answers }: HostsWorld): readonly [string, ...string[]] => {
  const [one = '/', ...rest] = answers;
  return [one, ...rest];
};

const first = (world: HostsWorld): [string, HostsWorld['machines'][string]] => {
  const [entry] = Object.entries(world.machines);
  if (entry === undefined) throw new Error('the stack names no machine');
  return entry;
};

/** One update to a version; `undefined` is success, otherwise what went wrong. */
export const updateTo = async (
  world: HostsWorld,
  version: string,
  over: Readonly<Record<string, unknown>> = {},
  onText: (text: string) => void = () => undefined,
): Promise<string | undefined> => {
  const session = await world.session(version, over);
  try {
    await session.stack.up(undefined, { onEvent: (event) => onText(event.text) });
    return undefined;
  } catch (error) {
    return messageOf(error);
  } finally {
    await session.close();
  }
};

/** Cuts every connection once the host has begun to start the new version. */
const cutInTheMiddle = async (world: HostsWorld, name: string, home: string): Promise<void> => {
  const log = join(home, '..', '..', '..', 'daemon.log');
  const before = readFileSync(log, 'utf8').length;
  while (!readFileSync(log, 'utf8').slice(before).includes('start: containers run')) await delay(20);
  await world.fault(name, { kind: 'cut', refuse: false });
};

/** Plays a story on a world in which the version before runs. Leaves the machine mended. */
export const playOnHosts = async (
  world: HostsWorld,
  scenario: HostsScenario,
  version: string,
  onText?: (text: string) => void,
): Promise<HostsEnd> => {
  const [name, address] = first(world);
  const key = world.app.target.machines[name]?.key ?? '';
  await world.publish(version, scenario.build);
  if (scenario.machine !== undefined) await world.fault(name, scenario.machine);
  if (scenario.wrongKey === true) process.env[key] = ssh2.utils.generateKeyPairSync('ed25519').private;
  const users = watchAnswers(world.url, pathsOf(world));
  await delay(300);
  const startedAt = performance.now();
  const update = updateTo(world, version, scenario.over?.(world), onText);
  if (scenario.cut === true) await cutInTheMiddle(world, name, address.home);
  const failure = await update;
  const tookMs = performance.now() - startedAt;
  process.env[key] = address.privateKey;
  await world.fault(name, { kind: 'clear' });
  await settled(world);
  const outages = await users.stop();
  return {
    message: failure ?? `${version} runs`,
    ...(await look(world)),
    outages,
    tookMs,
  };
};

/** Until the host has no work in hand: after a lost connection it goes back by itself. */
const settled = async (world: HostsWorld): Promise<void> => {
  const working = async (): Promise<boolean> =>
    (await onHost(world, `test -d ${world.app.target.path}/state/lock && echo yes`)).includes('yes');
  for (let i = 0; i < 300 && (await working()); i++) await delay(100);
};

const onHost = async (world: HostsWorld, command: string): Promise<string> => {
  const [, { address, port, user, privateKey, hostKey }] = first(world);
  const { stdout } = await overSsh(
    { host: address, port, user, privateKey, hostKey, timeoutMs: 10_000 },
    { command },
  );
  return stdout;
};

const look = async (world: HostsWorld): Promise<Pick<HostsEnd, 'runs' | 'answers' | 'ownStartMs'>> => {
  const { path, manifest } = world.app.target;
  const { version = '' } = JSON.parse(await onHost(world, `cat ${path}/${manifest}`)) as { version?: string };
  const answer = await fetch(`${world.url}${pathsOf(world)[0]}`);
  const compose = `docker compose --env-file ${path}/releases/*/settings.env`;
  const id = (await onHost(world, `cat ${path}/state/current`)).trim();
  const folder = `${path}/releases/${id}`;
  const logs = await onHost(
    world,
    `${compose.replace('/*/', `/${id}/`)} --env-file ${folder}/secrets.env -f ${folder}/compose.all.yaml logs`,
  );
  const starts = [...logs.matchAll(/"startedMs":(\d+)/g)].map((m) => Number(m[1]));
  return {
    runs: version,
    answers: `v${answer.headers.get('x-version') ?? ''}`,
    ownStartMs: Math.max(0, ...starts),
  };
};

/** Whether it ended as the story says; for success, within the promised time without an answer. */
export const asItShould = (scenario: HostsScenario, end: HostsEnd, from: string, to: string): boolean => {
  const wanted = scenario.ends === 'success' ? to : from;
  const quiet = end.outages.every((o) =>
    scenario.ends === 'refused' ? o.failed === 0 : o.longestMs <= limitOf(scenario, end),
  );
  return end.runs === wanted && end.answers === wanted && scenario.says.test(end.message) && quiet;
};

/** One start and a second; going back has two starts and whatever the tries took, which the story does not bound. */
const limitOf = (scenario: HostsScenario, end: HostsEnd): number =>
  scenario.ends === 'success' ? end.ownStartMs + 1_000 : Number.POSITIVE_INFINITY;

export interface HostsDemoOptions {
  readonly example: Example;
  readonly scenario: string;
  readonly directory: string;
}

const scenarioOf = (name: string): HostsScenario => {
  const found = HOSTS_SCENARIOS.find((s) => s.name === name);
  if (found !== undefined) return found;
  const names = [...HOSTS_SCENARIOS.map((s) => s.name), 'two-slots'];
  const near = nearest(name, names);
  const reason = near === undefined ? 'unknown' : `unknown; did you mean ${near}?`;
  throw badInput('there is no such scenario of an application on hosts', [
    { path: '--scenario', reason, got: name, allowed: names.join(', ') },
  ]);
};

/** An application on hosts, in place: version 1, then the story of version 2. Exit 0 when it ended as it should. */
export const runHostsDemo = async (
  { example, scenario: name, directory }: HostsDemoOptions,
  print: Printer,
  signal: AbortSignal,
): Promise<ExitCode> => {
  const scenario = scenarioOf(name);
  const { title, from, to } = example;
  const startedAt = performance.now();
  const say = (text: string): void => print.event('note', { text }, text);
  say(
    pc.bold(
      `Sluice demo: ${title} ${from} → ${to} on a host over SSH, in place; scenario ${scenario.name} (${scenario.title})`,
    ),
  );
  say(
    pc.dim(
      'Shortened for the demo: waits and pauses between tries are parts of a second instead of 5 and 10 seconds.',
    ),
  );
  const interrupted = new Promise<never>((_, reject) => {
    const stop = (): void => reject(refused('interrupted: the demo and its cloud are gone'));
    signal.addEventListener('abort', stop, { once: true });
  });
  interrupted.catch(() => undefined);
  const world = await openHostsWorld('staging', directory, example);
  const work = async (): Promise<ExitCode> => {
    const [machine, { address, port, user }] = first(world);
    say(`a machine ${machine} with an SSH server of its own: ssh -p ${port} ${user}@${address}`);
    await world.publish(from);
    say(`$ pulumi config set sluice:version ${from} && pulumi up --stack staging`);
    const failed = await updateTo(world, from, {}, (text) => shown(text, say));
    if (failed !== undefined) throw new Error(`${from} could not be brought in: ${failed}`);
    say(`$ pulumi config set sluice:version ${to} && pulumi up --stack staging   (users at ${world.url})`);
    const end = await playOnHosts(world, scenario, to, (text) => shown(text, say));
    return tell(scenario, end, { from, to, tookMs: performance.now() - startedAt }, print);
  };
  try {
    return await Promise.race([work(), interrupted]);
  } finally {
    await world.close();
  }
};

/** The resources that a person follows; of a replacement only what was made. */
const shown = (text: string, say: (text: string) => void): void => {
  if (/^(replace|delete-replaced) /.test(text) || !/-(files|prepare|switch)\b/.test(text)) return;
  const [first = '', ...more] = text.replace(/^create-replacement /, 'run ').split('\n');
  say(`    ${[first, ...more.slice(0, 2)].join('\n    ')}`);
};

const tell = (
  scenario: HostsScenario,
  end: HostsEnd,
  { from, to, tookMs }: { from: string; to: string; tookMs: number },
  print: Printer,
): ExitCode => {
  const good = asItShould(scenario, end, from, to);
  const worst = Math.max(...end.outages.map((o) => o.longestMs));
  const promised = scenario.ends === 'success' ? `, promised: at most ${end.ownStartMs + 1_000} ms` : '';
  print.result(
    'summary',
    { scenario: scenario.name, asItShould: good, ...end, tookMs },
    [
      '',
      `${good ? pc.green('✓ ended as it should') : pc.red('✗ did NOT end as it should')}: ${end.runs} runs, users are answered by ${end.answers}`,
      `  said       ${end.message.split('\n').join('\n             ')}`,
      `  users      longest without an answer ${worst} ms (the application’s own start took ${end.ownStartMs} ms${promised})`,
      ...end.outages.map(
        (o) => `             ${o.path}: ${o.answered} answered, ${o.failed} failed, ${o.longestMs} ms`,
      ),
      `  took       ${(tookMs / 1000).toFixed(1)} s, the update ${(end.tookMs / 1000).toFixed(1)} s`,
    ].join('\n'),
  );
  return good ? EXIT.done : EXIT.bug;
};
