import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCli } from '../../release/adapters/pulumi/command.ts';
import { readState } from '../../release/adapters/pulumi/state.ts';
import { ROOT } from './ground.ts';

/** Stack files are written as Pulumi writes them: what a person sets is all that a review of them shows. */
const directory = mkdtempSync(join(tmpdir(), 'sluice-stack-file-'));
const environment = {
  PULUMI_BACKEND_URL: `file://${join(directory, 'backend')}`,
  PULUMI_CONFIG_PASSPHRASE: 'x',
  PULUMI_HOME: join(directory, 'home'),
  PULUMI_SKIP_UPDATE_CHECK: 'true',
};
const pulumi = (...args: string[]): void => {
  execFileSync('pulumi', [...args, '--non-interactive'], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...environment },
  });
};
beforeAll(() => {
  mkdirSync(join(directory, 'backend'));
  writeFileSync(join(directory, 'Pulumi.yaml'), 'name: sluice\nruntime: nodejs\n');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test.each(['staging', 'production', 'foundation'])(
  '`pulumi config set` changes its own line of Pulumi.%s.yaml, and no comment',
  (stack) => {
    const name = `Pulumi.${stack}.yaml`;
    const before = readFileSync(join(ROOT, name), 'utf8').trimEnd().split('\n');
    copyFileSync(join(ROOT, name), join(directory, name));
    pulumi('stack', 'init', stack);
    pulumi('config', 'set', 'sluice:version', 'v9.9.9', '--stack', stack);
    const after = readFileSync(join(directory, name), 'utf8').trimEnd().split('\n');
    const own = (line: string): boolean => /^(encryptionsalt:| {2}sluice:version:)/.test(line);
    expect(after.filter((line) => !own(line))).toEqual(before.filter((line) => !own(line)));
    expect(after).toContain('  sluice:version: v9.9.9');
  },
);

test('attributes beside the state that a killed pulumi left empty: one sentence with the way out, which works', async () => {
  pulumi('stack', 'init', 'torn');
  const attributes = join(directory, 'backend/.pulumi/stacks/sluice/torn.json.attrs');
  writeFileSync(attributes, '');
  const cli = await openCli(directory, environment);
  await expect(readState(cli, 'torn')).rejects.toMatchObject({
    exit: 5,
    hint: expect.stringContaining('Remove torn.json.attrs') as string,
  });
  rmSync(attributes);
  expect((await readState(cli, 'torn')).outputs).toBeUndefined();
});
