/** A process that owns a sandbox with a running service, and waits to be killed. Prints its pids as one JSON line. */
import { busySandbox } from './stack.ts';

const { sandbox, pids } = await busySandbox(process.argv[2] ?? '');
process.stdout.write(`${JSON.stringify({ directory: sandbox.directory, pids })}\n`);
setInterval(() => undefined, 1_000);
