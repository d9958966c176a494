/**
 * Users' traffic as a process of its own. Reads JSON lines: the plan first, then `{"stop":true}`.
 * Writes JSON lines: `{second: …}` every second, `{summary: …}` at the end. Ends when its standard input does.
 */
import { createInterface } from 'node:readline';
import { Generator, type TrafficPlan } from './generator.ts';

const write = (line: object, written?: () => void): void =>
  void process.stdout.write(`${JSON.stringify(line)}\n`, written);
const run = async (running: Generator): Promise<void> => {
  const summary = await running.run((second) => write({ second }));
  write({ summary }, () => process.exit(0));
};
let generator: Generator | undefined;

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const order = JSON.parse(line) as TrafficPlan | { stop: true };
  if ('stop' in order) return generator?.stop();
  generator = new Generator(order);
  void run(generator);
});
// Whoever asked for the traffic is gone: nobody is there to read a summary.
lines.on('close', () => {
  generator?.stop();
  setTimeout(() => process.exit(0), 1_000).unref();
});
process.stdout.on('error', () => process.exit(0));
// Ctrl-C is for the owner, who stops the traffic when it is done.
process.on('SIGINT', () => undefined);
