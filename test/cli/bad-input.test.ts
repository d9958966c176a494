import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandLine } from '../support/command-line.ts';

/** Input that is refused before anything is looked for: no cloud runs here. */
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-bad-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const here = (): string[] => ['--directory', folder];

describe('a version that is no semver', () => {
  it.each([
    ['2.0', 'needs three numbers: major, minor, patch'],
    ['v1.2.3.4', 'has more than three numbers'],
    ['latest', 'is no semantic version'],
    ['v01.2.3', 'has a number with a leading zero'],
    ['', 'is empty'],
  ])('%j: says why, and what one looks like', async (given, why) => {
    for (const command of ['deploy', 'plan', 'preview']) {
      const { code, out, err } = await commandLine([command, '--version', given, ...here()]);
      expect({ command, code, out }).toEqual({ command, code: 2, out: '' });
      expect(err).toBe(
        `error: --version is no version that can be deployed\n` +
          `  --version: ${why} (got ${JSON.stringify(given)}; allowed: v1.2.3 or v2.0.0-rc1)\n`,
      );
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it('or none at all', async () => {
    for (const command of ['deploy', 'plan']) {
      const { code, err } = await commandLine([command, ...here()]);
      expect(code).toBe(2);
      expect(err).toBe(
        `error: a version is needed\n  --version: is missing (allowed: v1.2.3)\n  next: sluice ${command} --help\n`,
      );
    }
  });
});

describe('a rollback that is to undo migrations', () => {
  it('and to restore the database, in an emergency: says everything that cannot be together', async () => {
    const asked = ['--revert-migrations', '--restore-database', '--mode', 'emergency'];
    const { code, err } = await commandLine(['rollback', '--reason', 'x', ...asked, ...here()]);
    expect(code).toBe(2);
    expect(err).toBe(
      'error: migrations cannot be undone this way\n' +
        '  --revert-migrations: cannot be with --restore-database: the backup is from before those migrations\n' +
        '  --revert-migrations: cannot be with --mode emergency, which moves traffic only\n' +
        '  next: leave out one of them; after an emergency go back once more, without it\n',
    );
  });
});

describe('the code that a local cloud is to run', () => {
  it('is another application’s: says which services it lacks, and where to name it', async () => {
    const lambda = join(import.meta.dirname, '../../examples/lambda/app');
    const { code, err } = await commandLine(['sandbox', 'up', '--application', lambda, ...here()]);
    expect(code).toBe(2);
    expect(err).toBe(
      'error: Pulumi.staging.yaml has services that the application does not have\n' +
        `  ${lambda}/versions.json: does not list them (got api-gateway, auth-service, education-service, marketplace-service; allowed: quote)\n` +
        '  next: name the folder of its code: sluice sandbox up --application examples/<name>/app\n',
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is no application: says what is missing', async () => {
    const { code, err } = await commandLine(['sandbox', 'up', '--application', '/nowhere', ...here()]);
    expect(code).toBe(2);
    expect(err).toContain("--application: ENOENT: no such file or directory, open '/nowhere/versions.json'");
    expect(err).toContain('allowed: a folder with versions.json');
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a value of an option', () => {
  it.each([
    [['history', '--limit', '1e3'], '--limit: is no whole number in range (got 1e3; allowed: 1 to 10000)'],
    [['demo', '--rps', '9000'], '--rps: is no whole number in range (got 9000; allowed: 1 to 3000)'],
    [['demo', '--seed', '-1'], '--seed: is no whole number in range (got -1; allowed: 0 to 2147483648)'],
    [['demo', '--bakes', '5'], '--bakes: a duration needs its unit (got 5; allowed: '],
    [
      ['demo', '--scenario', 'erors'],
      '--scenario: unknown; did you mean errors? (got erors; allowed: healthy, ',
    ],
    [
      ['deploy', '--version', 'v2.0.0', '--phase', 'bild'],
      '--phase: is no phase and no stage of this stack (got bild; allowed: preflight, approval, backup, migrate, deploy, rollout, smoke, record, canary, progressive, full, failure)',
    ],
    [
      ['deploy', '--deployment', 'v2.0.0', '--phase', 'canary'],
      '--deployment: is no deployment id (got "v2.0.0"; allowed: <unix seconds>-',
    ],
    [
      ['github', 'comment', '--pull', '7x', '--file', 'preview.md'],
      '--pull: is no whole number in range (got 7x; allowed: 1 to ',
    ],
    [
      ['github', 'comment', '--file', 'package.json'],
      '--pull: is missing (allowed: the number of a pull request)',
    ],
    [
      ['deploy', '--version', 'v2.0.0', '--lease', '1 second'],
      '--lease: out of range (got 1 second; allowed: 2 seconds to 10 minutes)',
    ],
    [
      ['status', '--stack', 'prodction'],
      '--stack: no file Pulumi.prodction.yaml; did you mean production? (got prodction; allowed: foundation, production, staging)',
    ],
    [
      ['demo', '--stack', 'prodction'],
      '--stack: no file Pulumi.prodction.yaml; did you mean production? (got prodction; allowed: foundation, production, staging)',
    ],
  ])('%j: exit 2 with what is allowed', async (argv, line) => {
    const { code, err } = await commandLine([...argv, ...here()]);
    expect(code).toBe(2);
    expect(err.match(/^error:/gm)).toHaveLength(1);
    expect(err).toContain(`\n  ${line}`);
  });
});

describe('a working folder that cannot be written', () => {
  // Below a file: permissions alone do not stop root.
  it('is named before anything starts', async () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    const below = join(file, 'work');
    for (const argv of [
      ['demo'],
      ['sandbox', 'up'],
      ['status'],
      ['history'],
      ['deploy', '--version', 'v2.0.0'],
      ['rollback', '--reason', 'service outage'],
    ]) {
      const { code, out, err } = await commandLine([...argv, '--directory', below]);
      expect({ argv, code, out }).toEqual({ argv, code: 2, out: '' });
      expect(err).toContain('error: the working folder cannot be written\n  --directory: ENOTDIR');
      expect(err).toContain(`got ${below}; allowed: a folder that this user may write to`);
      expect(err).toContain('next: mend its permissions, or name another with --directory');
    }
    rmSync(file);
  });
});

describe('no local cloud', () => {
  it('is refused with the command that starts one', async () => {
    const { code, err } = await commandLine(['status', ...here()]);
    expect(code).toBe(3);
    expect(err).toMatch(/^error: no local cloud is running for this folder\n {2}next: sluice sandbox up; /);
    expect(err).toContain('PULUMI_BACKEND_URL');
  });
});
