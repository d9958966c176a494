import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { renderWorkflows, type RenderedFile } from '../../workflows/files.ts';
import { findingsIn, hasShellcheck, shellcheck, type Finding } from './checkers.ts';
import { configurations, ROOT, settingsWith } from './configurations.ts';
import { DEFECTS, planted, SHELL_DEFECTS } from './defects.ts';

const renamed = (file: RenderedFile, name: string): RenderedFile => ({
  path: `${name}/.github/workflows/${name}-${file.path.split('/').at(-1)}`,
  text: file.text,
});

describe('actionlint, zizmor (pedantic), GitHub’s language service, our rules, bash -n', () => {
  it('find nothing in any file of any configuration', async () => {
    const all = [...configurations().values()].flatMap((settings, n) =>
      renderWorkflows(settings).map((file) => renamed(file, `c${n}`)),
    );
    expect(all.length).toBeGreaterThan(50);
    // Many configurations share a file: the same text needs to be looked at once.
    const files = [...new Map(all.map((file) => [file.text, file])).values()];
    expect(await findingsIn(files)).toEqual([]);
  });
});

/** Every script of the repository itself. */
const shellScripts = (): readonly string[] =>
  execFileSync('git', ['-C', ROOT, 'grep', '-lIE', '^#!.*\\bb?a?sh\\b', '--', ':!*.ts', ':!*.md'])
    .toString()
    .trim()
    .split('\n');

const bash = await hasShellcheck();
if (!bash)
  console.log('scripts are not checked by shellcheck: it is not on the PATH; .ci/shellcheck brings it');

if (bash)
  it('shellcheck finds nothing in the scripts of this repository', async () => {
    const files = shellScripts();
    expect(files).toContain('.ci/run');
    expect(await shellcheck(files.map((file) => join(ROOT, file)))).toEqual([]);
  });

describe('every planted defect is seen', () => {
  const defects = [...DEFECTS, ...(bash ? SHELL_DEFECTS : [])];
  const base = new Map(renderWorkflows(settingsWith()).map((f) => [f.path.split('/').at(-1) ?? '', f]));
  let found: ReadonlyMap<string, readonly Finding[]>;
  beforeAll(async () => {
    const files = defects.map((defect, n) => {
      const file = base.get(defect.file);
      if (file === undefined) throw new Error(`no ${defect.file}`);
      return renamed({ path: file.path, text: planted(defect, file.text) }, `d${n}`);
    });
    found = Map.groupBy(await findingsIn(files), (f) => f.file);
  }, 120_000);

  it('of which there are at least forty', () => {
    expect(DEFECTS.length).toBeGreaterThanOrEqual(40);
  });

  it.each(defects.map((d, n) => [d.what, n, d.file] as const))('%s', (_what, n, file) => {
    expect(found.get(`d${n}-${file}`) ?? []).not.toEqual([]);
  });
});
