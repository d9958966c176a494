import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { showPins } from '../../cli/work/workflow-pins.ts';
import { PINS } from '../../workflows/pins.ts';
import { commandLine } from '../support/command-line.ts';

const ROOT = resolve(import.meta.dirname, '../..');

describe('sluice workflows', () => {
  let folder: string;
  const file = (name: string): string => join(folder, '.github/workflows', name);
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-files-'));
    for (const name of ['', '.foundation', '.staging', '.production'])
      copyFileSync(join(ROOT, `Pulumi${name}.yaml`), join(folder, `Pulumi${name}.yaml`));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('check says that files are missing, and what to do', async () => {
    const { code, err } = await commandLine(['workflows', 'check', '--folder', folder]);
    expect(code).toBe(3);
    expect(err).toContain('.github/workflows/deploy-production.yml is missing');
    expect(err).toContain('sluice workflows render');
  });

  it('render writes them, and nothing the second time', async () => {
    expect((await commandLine(['workflows', 'render', '--folder', folder])).code).toBe(0);
    expect(readFileSync(file('rollback.yml'), 'utf8')).toContain('name: Roll back');
    expect((await commandLine(['workflows', 'render', '--folder', folder])).out).toContain('all up to date');
    expect((await commandLine(['workflows', 'check', '--folder', folder])).code).toBe(0);
  });

  it('check names the file that was edited by hand, and the line, in one message', async () => {
    writeFileSync(
      file('tidy.yml'),
      readFileSync(file('tidy.yml'), 'utf8').replace('permissions: {}', 'permissions: write-all'),
    );
    const line = readFileSync(file('tidy.yml'), 'utf8').split('\n').indexOf('permissions: write-all') + 1;
    const { code, err } = await commandLine(['workflows', 'check', '--folder', folder]);
    expect(code).toBe(3);
    expect(err).toContain(`.github/workflows/tidy.yml differs from line ${line} on: edited by hand`);
    expect(err).not.toContain('backup.yml');
    await commandLine(['workflows', 'render', '--folder', folder]);
    expect((await commandLine(['workflows', 'check', '--folder', folder])).code).toBe(0);
  });

  it('what is not asked for any more goes; workflows of other people stay', async () => {
    writeFileSync(file('mine.yml'), 'name: mine\n');
    const stack = join(folder, 'Pulumi.foundation.yaml');
    writeFileSync(stack, readFileSync(stack, 'utf8').replace("drift: '37 5 * * *'", 'drift: never'));
    const { err } = await commandLine(['workflows', 'check', '--folder', folder]);
    expect(err).toContain('drift.yml is not asked for by the configuration any more');
    await commandLine(['workflows', 'render', '--folder', folder]);
    expect(existsSync(file('drift.yml'))).toBe(false);
    expect(existsSync(file('mine.yml'))).toBe(true);
  });

  it('bad settings are told once, with their path', async () => {
    appendFileSync(join(folder, 'Pulumi.foundation.yaml'), '\n    triggrs: {}\n');
    const { code, err } = await commandLine(['workflows', 'check', '--folder', folder]);
    expect(code).toBe(2);
    expect(err).toContain('triggrs');
  });
});

describe('sluice workflows pins', () => {
  const told: string[] = [];
  const print = {
    json: false,
    result: (_t: string, _d: object, text: string) => void told.push(text),
    event: (_t: string, _d: object, text: string) => void told.push(text),
    live: () => undefined,
    settle: () => undefined,
  };
  const answering = (of: (url: string) => Response) => (url: string) => Promise.resolve(of(url));
  const [action, pin] = Object.entries(PINS)[0] ?? ['', { version: '', commit: '' }];
  const lineOf = (name: string): string => told.find((l) => l.startsWith(name)) ?? '';

  it('are up to date, or have something newer, or lead elsewhere now', async () => {
    const releases = new Map<string, [string, string]>(
      Object.entries(PINS).map(([name, p]) => [name, [p.version, p.commit]]),
    );
    releases.set(action, ['v99.0.0', 'a'.repeat(40)]);
    const [, moved = ''] = Object.keys(PINS);
    releases.set(moved, [releases.get(moved)?.[0] ?? '', 'b'.repeat(40)]);
    const code = await showPins(
      print,
      answering((url) => {
        const [, name = '', rest = ''] = /repos\/([^/]+\/[^/]+)\/(.*)$/.exec(url) ?? [];
        const [version, commit] = releases.get(name) ?? ['', ''];
        return Response.json(rest === 'releases/latest' ? { tag_name: version } : { sha: commit });
      }),
    );
    expect(code).toBe(0);
    expect(lineOf(action)).toContain(`newer: v99.0.0 ${'a'.repeat(40)}`);
    expect(lineOf(moved)).toContain('the tag was moved, or the pin is wrong');
    expect(told.filter((l) => l.endsWith('up to date'))).toHaveLength(Object.keys(PINS).length - 2);
  });

  it('say plainly that GitHub cannot be asked, or was asked too often', async () => {
    told.length = 0;
    await showPins(print, () => Promise.reject(new Error('no network')));
    expect(lineOf(action)).toContain(`${pin.commit}  newest not known: no network`);
    expect(told.at(-1)).toContain('nothing is known about newer versions');
    told.length = 0;
    await showPins(
      print,
      answering(() => new Response('', { status: 429 })),
    );
    expect(lineOf(action)).toContain('asked too often');
  });
});
