import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runScript } from '../child.ts';
import { largest, median, megabytes, milliseconds, seconds, spread } from '../numbers.ts';
import type { Bench, Findings } from '../row.ts';
import type { Evaluation } from './evaluate.ts';

const RUNS = 9;
const COLD_MS = 1_500;
const COLD_BYTES = 250e6;
const AGAIN_MS = 100;

const SCRIPT = new URL('evaluate.ts', import.meta.url);

const evaluate = async (state: string, env: Readonly<Record<string, string>> = {}): Promise<Evaluation> => {
  const startedAt = performance.timeOrigin + performance.now();
  const [found] = await runScript(SCRIPT, { args: [state, String(startedAt)], env });
  return found as Evaluation;
};

const of = (runs: readonly Evaluation[], key: Exclude<keyof Evaluation, 'resources'>): number[] =>
  runs.map((run) => run[key]);

/** Rows from evaluations as they are, and from the same with Node's compile cache. */
export const programFindings = (plain: readonly Evaluation[], cached: readonly Evaluation[]): Findings => {
  const cold = median(of(plain, 'coldMs'));
  const memory = largest(of(plain, 'coldPeak'));
  const again = median(of(plain, 'againMs'));
  const ratio = median(of(cached, 'coldCpuMs')) / median(of(plain, 'coldCpuMs'));
  return {
    rows: [
      {
        claim: `Azora’s production program evaluated cold (${plain[0]?.resources ?? 0} resources, from the start of the process)`,
        goal: 'at most 1.5 s',
        measured: `${spread(of(plain, 'coldMs'), seconds)}; processor ${seconds(median(of(plain, 'coldCpuMs')))}`,
        met: cold <= COLD_MS,
      },
      {
        claim: 'its memory at most, as the operating system has it',
        goal: 'at most 250 MB',
        measured: `${megabytes(memory)} in the largest of ${plain.length} runs`,
        met: memory <= COLD_BYTES,
      },
      {
        claim: 'once more in the same process',
        goal: 'at most 0.1 s',
        measured: `${spread(of(plain, 'againMs'), milliseconds)}; processor ${milliseconds(median(of(plain, 'againMainMs')))} in the main thread, ${milliseconds(median(of(plain, 'againCpuMs')))} in all`,
        met: again <= AGAIN_MS,
      },
      {
        claim: 'cold with Node’s compile cache (NODE_COMPILE_CACHE), filled',
        goal: '',
        measured: `${spread(of(cached, 'coldMs'), seconds)}, ${megabytes(largest(of(cached, 'coldPeak')))}; ${ratio.toFixed(2)} × the processor time without`,
        met: undefined,
      },
    ],
    numbers: { plain, cached },
  };
};

/** Runs with and without the cache take turns, so that both meet the same machine. */
export const program: Bench = {
  name: 'program',
  title: 'the program, evaluated by the embedded engine on a cloud in memory',
  run: async (say) => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
    try {
      const state = join(directory, 'state');
      const cache = { NODE_COMPILE_CACHE: join(directory, 'compiled') };
      await runScript(SCRIPT, { args: [state] });
      await evaluate(state, cache);
      const plain: Evaluation[] = [];
      const cached: Evaluation[] = [];
      for (let run = 1; run <= RUNS; run += 1) {
        plain.push(await evaluate(state));
        cached.push(await evaluate(state, cache));
        say(`run ${run} of ${RUNS}: ${seconds(plain.at(-1)?.coldMs ?? 0)}`);
      }
      return programFindings(plain, cached);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
