import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from './ground.ts';

/** Stack files are written as Pulumi writes them: what a person sets is all that a review of them shows. */
const directory = mkdtempSync(join(tmpdir(), 'sluice-stack-file-'));
const pulumi = (...args: string[]): void => {
  execFileSync('pulumi', [...args, '--non-interactive'], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${join(directory, 'backend')}`,
      PULUMI_CONFIG_PASSPHRASE: 'x',
      PULUMI_HOME: join(directory, 'home'),
      PULUMI_SKIP_UPDATE_CHECK: 'true',
    },
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
