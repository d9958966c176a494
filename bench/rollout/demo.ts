import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, seconds, spread } from '../numbers.ts';
import type { Bench } from '../row.ts';

const RUNS = 3;
const LIMIT_MS = 60_000;

export interface DemoRun {
  /** Of the whole process, from its start to its end. */
  readonly ms: number;
  readonly exit: number | undefined;
  readonly status: string;
  readonly failed: number;
  readonly requests: number;
}

interface Told {
  readonly type: string;
  readonly status?: string;
  readonly traffic?: { readonly sent: number; readonly failed: number };
}

const play = async (directory: string): Promise<DemoRun> => {
  const cli = fileURLToPath(new URL('../../cli/sluice.js', import.meta.url));
  const startedAt = performance.now();
  const child = spawn(process.execPath, [cli, 'demo', '--json', '--directory', directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  const exit = await new Promise<number | undefined>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? undefined));
  });
  const ms = performance.now() - startedAt;
  const lines = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Told]));
  const summary = lines.findLast((line) => line.type === 'summary');
  return {
    ms,
    exit,
    status: summary?.status ?? 'no summary',
    failed: summary?.traffic?.failed ?? Number.NaN,
    requests: summary?.traffic?.sent ?? 0,
  };
};

export const demo: Bench = {
  name: 'demo',
  title: 'npm run demo, as a whole process',
  run: async (say) => {
    const runs: DemoRun[] = [];
    for (let run = 1; run <= RUNS; run += 1) {
      const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
      try {
        const made = await play(directory);
        runs.push(made);
        say(`run ${run} of ${RUNS}: ${seconds(made.ms)}, ${made.status}`);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    }
    const times = runs.map(({ ms }) => ms);
    const well = runs.every(({ exit, status, failed }) => exit === 0 && status === 'success' && failed === 0);
    return {
      rows: [
        {
          claim: 'the healthy demo, from start to end of the process',
          goal: 'at most 60 s',
          measured:
            `${spread(times, seconds)}; ` +
            (well ? 'each ended as success, no request failed' : 'not each ended well'),
          met: well && median(times) <= LIMIT_MS,
        },
      ],
      numbers: { runs },
    };
  },
};
