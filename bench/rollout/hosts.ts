import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findExample } from '../../cli/demo/example.ts';
import { HOSTS_SCENARIOS } from '../../cli/demo/hosts-scenarios.ts';
import { playOnHosts, updateTo } from '../../cli/demo/hosts.ts';
import { playTwoSlots } from '../../cli/demo/hosts-two-slots.ts';
import { openHostsWorld } from '../../cli/demo/hosts-world.ts';
import type { Bench, Row } from '../row.ts';

const RATE = 600;
const LEAST_REQUESTS = 50_000;
/** What a replacement in place may cost beyond the application's own start. */
const MARGIN_MS = 1_000;

const whole = (value: number): string => Math.round(value).toLocaleString('en');

const inPlace = async (directory: string): Promise<{ row: Row; numbers: object }> => {
  const example = await findExample('the-bot');
  const world = await openHostsWorld('staging', directory, example);
  try {
    await world.publish(example.from);
    await updateTo(world, example.from);
    const healthy = HOSTS_SCENARIOS.find((s) => s.name === 'healthy');
    if (healthy === undefined) throw new Error('no healthy story');
    const end = await playOnHosts(world, healthy, example.to);
    const longest = Math.max(...end.outages.map((o) => o.longestMs));
    const row = {
      claim: 'hosts in place: time without an answer',
      goal: `at most the application’s own start and ${whole(MARGIN_MS)} ms`,
      measured: `${whole(longest)} ms; the application’s own start took ${whole(end.ownStartMs)} ms`,
      met: end.runs === example.to && longest <= end.ownStartMs + MARGIN_MS,
    };
    return { row, numbers: { ...end } };
  } finally {
    await world.close();
  }
};

const twoSlots = async (
  directory: string,
  say: (line: string) => void,
): Promise<{ row: Row; numbers: object }> => {
  const example = await findExample('the-bot');
  let seconds = 0;
  const { traffic, releases } = await playTwoSlots({
    example,
    directory,
    rate: RATE,
    requests: LEAST_REQUESTS * 1.05,
    onSecond: ({ answered, failed }) => {
      seconds += 1;
      if (seconds % 20 === 0) say(`${seconds} s: ${answered}/s, ${failed} failed`);
    },
  });
  const row = {
    claim: 'hosts with two slots: failed requests',
    goal: `0 of at least ${whole(LEAST_REQUESTS)}`,
    measured: `${whole(traffic.failed)} of ${whole(traffic.sent)} at ${whole(traffic.rate)}/s during ${releases.length} releases there and back; p95 ${whole(traffic.p95 ?? 0)} ms`,
    met:
      traffic.failed === 0 &&
      traffic.answered >= LEAST_REQUESTS &&
      releases.every((r) => r.failed === undefined),
  };
  return { row, numbers: { traffic, releases } };
};

export const hosts: Bench = {
  name: 'hosts',
  title: 'releases on hosts over SSH',
  run: async (say) => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-hosts-'));
    try {
      const place = await inPlace(directory);
      const slots = await twoSlots(directory, say);
      return { rows: [place.row, slots.row], numbers: { inPlace: place.numbers, twoSlots: slots.numbers } };
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
