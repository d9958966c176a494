import { setTimeout as delay } from 'node:timers/promises';
import pc from 'picocolors';
import { EXIT, type ExitCode } from '../../lib/errors.ts';
import { startTraffic, type Second, type Summary } from '../../sandbox/traffic/client.ts';
import type { Printer } from '../print.ts';
import type { Example } from './example.ts';
import { updateTo } from './hosts.ts';
import { openHostsWorld } from './hosts-world.ts';

export interface TwoSlotsOptions {
  readonly example: Example;
  readonly directory: string;
  readonly rate: number;
  /** Releases go on, there and back, until so many requests were sent. */
  readonly requests: number;
  readonly onText?: (text: string) => void;
  readonly onSecond?: (second: Second) => void;
}

export interface TwoSlotsEnd {
  readonly traffic: Summary;
  /** Releases in order, and how long each update took, ms. */
  readonly releases: readonly {
    readonly version: string;
    readonly tookMs: number;
    readonly failed: string | undefined;
  }[];
  /** Version that users were answered by at the end. */
  readonly answers: string;
}

const SETTLE_MS = 1_500;

/** A host with room for both: version 1, users, then version 2 beside it and all users over, there and back again. */
export const playTwoSlots = async (options: TwoSlotsOptions): Promise<TwoSlotsEnd> => {
  const { example, directory, rate, requests, onText } = options;
  const { from, to, visits } = example;
  const world = await openHostsWorld('production', directory, example);
  try {
    for (const version of [from, to]) await world.publish(version);
    const first = await updateTo(world, from, {}, onText);
    if (first !== undefined) throw new Error(`${from} could not be brought in: ${first}`);
    let seconds = 0;
    const traffic = startTraffic({
      url: world.url,
      visits,
      rate,
      onSecond: (second) => {
        seconds += 1;
        options.onSecond?.(second);
      },
    });
    await delay(SETTLE_MS);
    const releases: { version: string; tookMs: number; failed: string | undefined }[] = [];
    const enough = (): boolean => seconds * rate >= requests || releases.some((r) => r.failed !== undefined);
    for (;;) {
      const version = releases.length % 2 === 0 ? to : from;
      const startedAt = performance.now();
      const failed = await updateTo(world, version, {}, onText);
      releases.push({ version, tookMs: performance.now() - startedAt, failed });
      await delay(SETTLE_MS);
      if (enough()) break;
    }
    const answer = await fetch(`${world.url}/api/system/health/`);
    return { traffic: await traffic.stop(), releases, answers: `v${answer.headers.get('x-version') ?? ''}` };
  } finally {
    await world.close();
  }
};

/** The same for a person: one release. Exit 0 when nobody noticed. */
export const runTwoSlotsDemo = async (
  { example, directory, rate }: Pick<TwoSlotsOptions, 'example' | 'directory' | 'rate'>,
  print: Printer,
): Promise<ExitCode> => {
  const { title, from, to } = example;
  const say = (text: string): void => print.event('note', { text }, text);
  const startedAt = performance.now();
  say(
    pc.bold(`Sluice demo: ${title} ${from} → ${to} on a host with room for both, behind its own web server`),
  );
  const onText = (text: string): void => {
    if (/-(up|proxy|prepare)\b/.test(text)) say(`    ${text.split('\n')[0] ?? ''}`);
  };
  const { traffic, answers, releases } = await playTwoSlots({
    example,
    directory,
    rate,
    requests: 0,
    onText,
  });
  const good = answers === to && traffic.failed === 0;
  const head = good ? pc.green('✓ ended as it should') : pc.red('✗ did NOT end as it should');
  print.result(
    'summary',
    { asItShould: good, answers, traffic, releases },
    [
      '',
      `${head}: users are answered by ${answers}${releases[0]?.failed === undefined ? '' : `; ${releases[0].failed}`}`,
      `  users      ${traffic.answered} requests answered, ${traffic.failed} failed, p95 ${(traffic.p95 ?? 0).toFixed(0)} ms`,
      `  took       ${((performance.now() - startedAt) / 1000).toFixed(1)} s, the update ${((releases[0]?.tookMs ?? 0) / 1000).toFixed(1)} s`,
    ].join('\n'),
  );
  return good ? EXIT.done : EXIT.bug;
};
