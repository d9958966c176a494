/**
 * A runner of a release on the command line's own session, in a process of its own that kills itself with -9 before
 * or after the first effect of a kind, or in the middle of an update:
 *
 *     node test/support/runner-process.ts FOLDER MODE DEPLOYMENT [KIND WHEN]
 *
 * MODE: `deploy`, `continue`, `rollback`. Prints one JSON object a line: effects as they begin, then the outcome.
 */
import { openStack } from '../../cli/session/find.ts';
import { requestOf } from '../../cli/run-release.ts';
import type { StackUpdater } from '../../release/ports/stack.ts';
import { createOperator, runRelease, runResume, runRollback, type RunOptions } from '../../release/runner.ts';

const [directory = '', mode = '', deployment = '', kind = '', when = ''] = process.argv.slice(2);
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const end = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

/** Dies as soon as an update has changed something. */
const deadly = (stack: StackUpdater): StackUpdater => ({
  ...stack,
  up: (release, options) =>
    stack.up(release, {
      ...options,
      onEvent: (event) => {
        if (event.kind === 'resource' && event.op === 'update') end();
        options.onEvent(event);
      },
    }),
});

const opened = await openStack({ stack: 'production', directory });
const { session } = opened;
const outputs = await session.outputs();
const run = session.run(outputs, deployment);
const operator = createOperator();
let promoted = '';
const options: RunOptions = {
  ...run,
  ports: when === 'during' ? { ...run.ports, stack: deadly(run.ports.stack) } : run.ports,
  operator,
  // One stage, and nobody to wait for: it is sent on when it bakes.
  app: { ...session.config.app, stages: [{ name: 'full', traffic: 100, bake: 10_000 }] },
  // A runner that dies is known to be dead in a moment.
  leaseTtlMs: 400,
  pollMs: 100,
  hooks: {
    before: (effect) => {
      say({ effect: effect.kind });
      if (effect.kind === kind && when === 'before') end();
    },
    after: (effect) => {
      if (effect.kind === kind && when === 'after') end();
    },
  },
  onView: ({ stage, bakeLeft }) => {
    if (stage === undefined || bakeLeft === undefined || kind === 'look' || promoted === stage.name) return;
    promoted = stage.name;
    operator.say({ command: 'promote', by: 'grace', why: 'I looked', at: Date.now() });
  },
};
const asked = await requestOf(session, options, { version: 'v2.0.0', reason: 'performance issue' });
const request = { ...asked, deployment };
const rollback = { mode: 'standard', override: false, restoreDatabase: false } as const;
const outcome =
  mode === 'deploy'
    ? await runRelease(options, request)
    : mode === 'rollback'
      ? await runRollback(options, { ...request, rollback })
      : await runResume(options, 'production', deployment, 'continue');
say({ result: outcome.result, why: outcome.why });
await opened.close();
