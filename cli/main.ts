import { commands } from './commands/index.ts';
import { parseAndRun } from './parse.ts';

// The only place that ends the process. A launcher that dies takes this process along.
process.once('disconnect', () => process.exit(1));
const code = await parseAndRun(commands, process.argv.slice(2));
process.exit(code);
