/**
 * One runner of a release in a process of its own, to be killed: `node bench/engine/runner.ts FOLDER MODE LEASE_MS
 * DEPLOYMENT`. Prints `{"at": ms, "effect": kind}` before every effect; the environment attaches the real engine.
 */
import { runRelease, runResume } from '../../release/runner.ts';
import { connectWorld, openWorldSession, requestOf } from './world.ts';

const [directory = '', mode = '', lease = '', deployment = ''] = process.argv.slice(2);
const sandbox = await connectWorld(directory);
const session = await openWorldSession(directory, sandbox, true);
const outputs = await session.ensure();
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const options = {
  ...session.run(outputs, deployment),
  // Long enough to be killed in.
  app: { ...session.config.app, stages: [{ name: 'full', traffic: 100, bake: 20_000 }] },
  leaseTtlMs: Number(lease),
  pollMs: 200,
  hooks: {
    before: ({ kind }: { readonly kind: string }) => say({ at: Date.now(), effect: kind }),
  },
};
if (mode === 'deploy') {
  await runRelease(options, { ...requestOf(session, 'v2.0.0'), deployment });
} else {
  await runResume(options, 'production', deployment, mode === 'revert' ? 'revert' : 'continue');
}
await session.close();
await sandbox.close();
