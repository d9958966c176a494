import { describe, expect, it } from 'vitest';
import { deploymentMarkdown, describe as line, stateOf } from '../../../../release/core/github/markdown.ts';
import type { DeploymentRecord } from '../../../../release/core/records/schema.ts';
import { World } from '../../../support/world.ts';

const records = async (): Promise<{ good: DeploymentRecord; bad: DeploymentRecord }> => {
  const world = await new World({ stages: [{ name: 'full', traffic: 100, bake: 30_000 }] }).withV1();
  const link = 'https://github.com/azora/azora/actions/runs/7';
  const good = world.record((await world.deploy('v2.0.0', {}, { link })).deployment);
  world.cloud.behaviours.set('v3.0.0', { smoke: false });
  const bad = world.record(
    (await world.deploy('v3.0.0', {}, { reason: '@everyone <b>| `x` |\n# no' })).deployment,
  );
  if (good === undefined || bad === undefined) throw new Error('both are recorded');
  return { good, bad };
};
const { good, bad } = await records();
const place = {
  bucket: 'azora-records',
  region: 'eu-west-1',
  key: `records/production/${good.deployment_id}.json`,
};

describe('a deployment on GitHub', () => {
  it('that went well: what is live, how long it can go back, links to run and record', () => {
    const text = deploymentMarkdown(good, 'success', place);
    expect(text.split('\n')[0]).toBe('### azora v2.0.0 in production: ✅ live');
    for (const part of [
      '[log](https://github.com/azora/azora/actions/runs/7)',
      `s3://azora-records/${place.key}`,
      'https://eu-west-1.console.aws.amazon.com/s3/object/azora-records?prefix=records%2Fproduction%2F',
      'Rollback until',
      '1 smoke tests passed',
      '`002_roles.sql`',
      'sluice rollback --stack production',
    ])
      expect(text).toContain(part);
  });

  it('that went back: why, and what serves; nobody is mentioned, no table broken, no markup let in', () => {
    const text = deploymentMarkdown(bad, 'rolled_back', undefined);
    expect(text.split('\n')[0]).toBe('### azora v3.0.0 in production: ↩️ rolled back');
    expect(text).toContain('**Failed in smoke:** smoke tests failed');
    expect(text).toContain('| Serving | **v2.0.0** |');
    expect(text).not.toContain('@everyone');
    expect(text).not.toContain('<b>');
    expect(text.split('\n').filter((l) => l.startsWith('# '))).toEqual([]);
    const row = text.split('\n').find((l) => l.includes('Started by')) ?? '';
    expect(row.replaceAll('\\|', '').split('|')).toHaveLength(4);
  });

  it('in GitHub’s words: one state and one line for each way it can stand', () => {
    expect((['success', 'rolled_back', 'refused', 'running', 'waiting'] as const).map(stateOf)).toEqual([
      'success',
      'failure',
      'error',
      'in_progress',
      'queued',
    ]);
    expect(line(good, 'success')).toBe('v2.0.0: live');
    expect(line(bad, 'rolled_back')).toMatch(/^v3\.0\.0: rolled back: smoke tests failed/);
    expect(line({ ...bad, version: `v1.0.0-${'x'.repeat(300)}` }, 'failed').length).toBe(140);
  });
});
