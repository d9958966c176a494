/**
 * A process that evaluates Azora's production program and ends. Arguments: the folder of the stack's state, and
 * when the process was started, ms since 1970 with a fraction. Prints one JSON object (`Evaluation`). Without the
 * second argument it brings the stack up at its first version instead, which is what the evaluations start from.
 */
// The engine first, as in the command line: see sandbox/engine/lean-sdk.ts.
import { createEngine, fileStore, type Engine } from '../../sandbox/engine/index.ts';
import { readFileSync } from 'node:fs';
import type { Release } from '../../config/release.types.ts';
import program from '../../infra/index.ts';
import { agreeingCloud } from './cloud.ts';
import { liveRelease, readApp, readConfig, releaseOnTheWay, STACK } from './azora.ts';

export interface Evaluation {
  readonly resources: number;
  /** From the start of the process to the end of the first evaluation, ms. */
  readonly coldMs: number;
  /** Processor time of the same, ms. */
  readonly coldCpuMs: number;
  /** Most memory the process held until then, bytes, as the operating system has it. */
  readonly coldPeak: number;
  /** Once more, in the same process. */
  readonly againMs: number;
  readonly againCpuMs: number;
  /** Processor time of the main thread alone: what the rest adds runs beside it where a second core is free. */
  readonly againMainMs: number;
}

const now = (): number => performance.timeOrigin + performance.now();
const sum = ({ user, system }: { readonly user: number; readonly system: number }): number =>
  (user + system) / 1_000;
const cpu = (): number => sum(process.cpuUsage());
const main = (): number => sum(process.threadCpuUsage());

/** Linux keeps the peak of the process itself; elsewhere `getrusage` has it. Bytes. */
const peak = (): number => {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1_024;
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1_024;
};

const [directory = '', startedAt] = process.argv.slice(2);
const config = readConfig();
const app = readApp(config);
const open = (release: Release): Engine =>
  createEngine({
    project: 'sluice',
    stack: STACK,
    program: async () => ({ ...(await program()) }),
    config: { ...config, 'sluice:release': JSON.stringify(release) },
    provider: agreeingCloud(),
    store: fileStore(directory),
    passphrase: 'of the bench',
    now: () => Date.now(),
  });

const evaluate = async (): Promise<Evaluation> => {
  const engine = open(releaseOnTheWay(app));
  const { steps } = await engine.preview();
  const cold = { coldMs: now() - Number(startedAt), coldCpuMs: cpu(), coldPeak: peak() };
  const from = { wall: now(), cpu: cpu(), main: main() };
  await engine.preview();
  return {
    resources: steps.length,
    ...cold,
    againMs: now() - from.wall,
    againCpuMs: cpu() - from.cpu,
    againMainMs: main() - from.main,
  };
};

if (startedAt === undefined) await open(liveRelease(app)).up();
else console.log(JSON.stringify(await evaluate()));
