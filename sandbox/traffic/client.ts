import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { AZORA_VISITS, type Visit } from './plan.ts';
import type { TrafficPlan } from './generator.ts';
import type { Second, Summary } from './report.ts';

export type { Failure, Second, Summary } from './report.ts';
export type { Visit } from './plan.ts';

export interface TrafficOptions {
  /** Public address of the application, e.g. `http://127.0.0.1:1234`. */
  readonly url: string;
  /** Requests per second. */
  readonly rate: number;
  readonly seed?: number;
  readonly visits?: readonly Visit[];
  readonly headers?: Readonly<Record<string, string>>;
  /** The rate grows evenly from nothing in this time (default 1000). */
  readonly rampMs?: number;
  readonly timeoutMs?: number;
  readonly onSecond?: (second: Second) => void;
}

export interface TrafficRun {
  readonly pid: number | undefined;
  /** Stops sending, waits for the answers on their way. Again: the same summary. */
  stop(): Promise<Summary>;
}

/** Starts users' traffic in a process of its own. It ends with this process, whatever ends that. */
export const startTraffic = (options: TrafficOptions): TrafficRun => {
  const plan: TrafficPlan = {
    url: options.url,
    rate: options.rate,
    seed: options.seed ?? 1,
    visits: options.visits ?? AZORA_VISITS,
    headers: options.headers ?? {},
    rampMs: options.rampMs ?? 1_000,
    timeoutMs: options.timeoutMs ?? 10_000,
  };
  const child = spawn(process.execPath, [fileURLToPath(new URL('main.ts', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${JSON.stringify(plan)}\n`);
  const summary = new Promise<Summary>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const told = JSON.parse(line) as { second?: Second; summary?: Summary };
      if (told.second !== undefined) options.onSecond?.(told.second);
      if (told.summary !== undefined) resolve(told.summary);
    });
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`the traffic generator ended with ${String(signal ?? code)} before its summary`)),
    );
  });
  summary.catch(() => undefined);
  return {
    pid: child.pid,
    stop: () => {
      if (child.stdin.writable) child.stdin.write('{"stop":true}\n');
      return summary;
    },
  };
};
