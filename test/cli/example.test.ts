import { expect, test } from 'vitest';
import { findExample } from '../../cli/demo/example.ts';
import { demoOverlay, migrationsOf } from '../../cli/demo/overlay.ts';
import { readStackConfig } from '../../cli/session/stack-config.ts';

test('without a name the example is Azora, with the repository’s own stack files', async () => {
  const example = await findExample();
  expect(example).toMatchObject({ name: 'azora', title: 'Azora', from: 'v1.0.0', to: 'v2.0.0' });
  expect(readStackConfig('production', {}, { folder: example.folder }).app.application).toBe('azora');
});

test('a name that is not there is answered with those that are', async () => {
  await expect(findExample('azoro')).rejects.toThrow(/--example.*did you mean azora\?/s);
});

test('each version of an example has its own migrations, run by the stack’s own command', async () => {
  const example = await findExample();
  const { app } = readStackConfig('production');
  const overlay = demoOverlay(app, ['5 seconds'], migrationsOf(example, example.from, undefined));
  expect(overlay['database']).toEqual({
    migrations: {
      command: 'npx dbmate --migrations-dir examples/azora/app/migrations-v1 --no-dump-schema up',
      directory: 'examples/azora/app/migrations-v1',
    },
  });
});
