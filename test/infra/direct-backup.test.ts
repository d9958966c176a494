import { expect, it } from 'vitest';
import { stage } from './cloud.ts';

it('staging too is backed up before its migration, where its stack file says so', async () => {
  const s = stage('staging', (app) => {
    const database = app['database'] as Record<string, unknown>;
    database['backup'] = { enabled: true, prefix: 'staging', verify: 'checksum' };
  });
  await s.up();
  s.cloud.done.length = 0;
  s.config['sluice:version'] = 'v2.0.0';
  await s.up();
  const [backup, migrate] = ['backup', 'migrate'].map((kind) =>
    s.cloud.done.findIndex(
      (d) => d === `create ${kind}-command` || d === `create-replacement ${kind}-command`,
    ),
  );
  expect(backup).toBeGreaterThanOrEqual(0);
  expect(backup).toBeLessThan(migrate ?? -1);
  const { backup: of, schema } = await s.release();
  expect(of).toBe(schema?.deployment);
});
