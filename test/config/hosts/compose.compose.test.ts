import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { readStackConfig } from '../../../cli/session/stack-config.ts';
import { secretsOf } from '../../../config/hosts/compose.ts';
import { releaseFiles } from '../../../config/hosts/files.ts';
import type { HostsApp } from '../../../config/hosts/types.ts';
import { freeze } from '../../../release/core/freeze.ts';
import { readCompose } from '../../../sandbox/cloud/hosts/compose-file.ts';
import { findCompose } from '../../support/tools.ts';

/** What hosts get, read by docker compose itself, or by the parser that it is built on. */
const directory = mkdtempSync(join(tmpdir(), 'sluice-compose-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const rendered = (example: string, stack: string): { app: HostsApp; folder: string; parts: string[] } => {
  const examples = fileURLToPath(new URL('../../../examples', import.meta.url));
  const { app } = readStackConfig(stack, {}, { folder: join(examples, example) });
  if (app.target.kind !== 'hosts') throw new Error('no hosts');
  const hosts = { ...app, target: app.target };
  const images = Object.fromEntries(
    Object.keys(app.services).map((s) => [s, `ghcr.io/somebody/${s}@sha256:${'a'.repeat(64)}`]),
  );
  const deployment = '1795000000-abcdefabcdef';
  const slot = freeze(app, { version: 'v1.0.0', deployment, images, secrets: {} });
  const files = releaseFiles(hosts, slot, app.strategy === 'rolling' ? undefined : 'green');
  const folder = mkdtempSync(join(directory, `${example}-`));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  // As people write them: a dollar stands for itself in single quotes alone.
  const written = (name: string, n: number): string =>
    n % 2 === 0 ? `'value$of "${name}"'` : `value\${NOWHERE:-of} ${name}`;
  const secrets = Object.keys(secretsOf(hosts)).map((name, n) => `${name}=${written(name, n)}\n`);
  writeFileSync(join(folder, 'secrets.env'), secrets.join(''));
  return { app: hosts, folder, parts: Object.keys(files).filter((f) => f.startsWith('compose.')) };
};

interface Read {
  readonly code: number | null;
  readonly stderr: string;
  readonly services: Readonly<Record<string, { readonly environment?: Readonly<Record<string, string>> }>>;
}

const read = (folder: string, file: string, envFiles: readonly string[]): Read => {
  const tool = findCompose();
  if (tool === undefined) throw new Error('this lane runs where there is one');
  const done =
    tool.kind === 'docker'
      ? spawnSync(
          'docker',
          [
            'compose',
            '--project-directory',
            folder,
            ...envFiles.flatMap((name) => ['--env-file', join(folder, name)]),
            '-f',
            join(folder, file),
            '--profile',
            'serving',
            'config',
            '--format',
            'json',
          ],
          { encoding: 'utf8' },
        )
      : spawnSync(
          tool.file,
          [file, ...envFiles].map((name) => join(folder, name)),
          { encoding: 'utf8' },
        );
  const { services } = (done.status === 0 ? JSON.parse(done.stdout) : { services: {} }) as Pick<
    Read,
    'services'
  >;
  return { code: done.status, stderr: done.stderr, services };
};

test.each([
  ['the-bot', 'staging'],
  ['the-bot', 'production'],
  ['azora-hosts', 'staging'],
  ['azora-hosts', 'production'],
])(
  '%s, %s: every part is a valid compose file, with the values that the sandbox reads too',
  (example, stack) => {
    const { folder, parts } = rendered(example, stack);
    // What both slots share is a file of its own, where there is anything.
    expect(parts.length).toBe(example === 'the-bot' && stack === 'production' ? 2 : 1);
    for (const part of parts) {
      const seen = read(folder, part, ['settings.env', 'secrets.env']);
      expect({ code: seen.code, stderr: seen.code === 0 ? '' : seen.stderr }).toEqual({
        code: 0,
        stderr: '',
      });
      const ours = readCompose(join(folder, part), [
        join(folder, 'settings.env'),
        join(folder, 'secrets.env'),
      ]);
      expect(Object.keys(seen.services).toSorted()).toEqual(ours.services.map((s) => s.service).toSorted());
      for (const { service, environment } of ours.services)
        expect(seen.services[service]?.environment ?? {}, service).toEqual(environment);
    }
  },
);

test('a secret that is on no host is refused by name, before anything starts', () => {
  const { folder, parts } = rendered('the-bot', 'staging');
  const seen = read(folder, parts[0] ?? '', ['settings.env']);
  expect(seen.code).not.toBe(0);
  expect(seen.stderr).toMatch(/required variable \w+ is missing a value: is not in \.env\.staging/);
});
