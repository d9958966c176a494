import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

// `npm run secrets` as it stands in package.json, in a folder of its own. Values are put together here: this file must
// be clean itself.
const ROOT = join(import.meta.dirname, '..');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Readonly<Record<string, string>>;
};

const scan = (files: Readonly<Record<string, string>>) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'secrets-')));
  for (const name of ['.secretlintrc.json', '.gitignore']) copyFileSync(join(ROOT, name), join(folder, name));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const path = `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`;
  const { status, stdout, stderr } = spawnSync(
    'sh',
    ['-c', `${scripts['secrets'] ?? 'false'} --format=unix`],
    {
      cwd: folder,
      env: { PATH: path },
      encoding: 'utf8',
    },
  );
  const found = stdout.split('\n').flatMap((line) => {
    const [, file, at, rule] = /^(.+?):(\d+):\d+: \[(\w+)\]/.exec(line) ?? [];
    return file === undefined ? [] : [`${file.slice(folder.length + 1)}:${at} ${rule}`];
  });
  return { status, found: found.toSorted(), all: stdout + stderr };
};

const privateKey = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
}).privateKey;

it('a key of AWS, a private key, a token of GitHub: file and line, never the value', () => {
  const id = `AKIA${'Q7'.repeat(8)}`;
  const key = '/q7Z'.repeat(10);
  const token = `ghp_${'a7'.repeat(18)}`;
  const { status, found, all } = scan({
    'deploy/settings.ini': `region = eu-central-1\naws_access_key_id = ${id}\naws_secret_access_key = ${key}\n`,
    'deploy/host.pem': `for the host\n\n${privateKey}`,
    '.github/workflows/own.yml': `env:\n  TOKEN: ${token}\n`,
    'README.md': 'Nothing of this kind.\n',
  });
  expect(found).toEqual([
    '.github/workflows/own.yml:2 GITHUB_TOKEN',
    'deploy/host.pem:3 PrivateKey',
    'deploy/settings.ini:2 AWSAccessKeyID',
    'deploy/settings.ini:3 AWSSecretAccessKey',
  ]);
  expect(status).toBe(1);
  for (const secret of [id, key, token, privateKey.split('\n')[1] ?? '']) expect(all).not.toContain(secret);
});

it('what tests make up is let through, and what git does not take; the same with a password of its own is not', () => {
  const url = (password: string): string => `DATABASE_URL=postgres://azora:${password}@db.internal/azora\n`;
  const { status, found } = scan({
    'a.env': url('hunter2'),
    'b.env': url('0ther-w0rd'),
    '.env.local': url('0ther-w0rd'),
  });
  expect(found).toEqual(['b.env:1 PostgreSQLConnection']);
  expect(status).toBe(1);
});
