import { beforeAll, describe, expect, it } from 'vitest';
import { renderWorkflows, type RenderedFile } from '../../workflows/files.ts';
import { findingsIn, hasShellcheck, type Finding } from './checkers.ts';
import { configurations, settingsWith } from './configurations.ts';
import { DEFECTS, planted } from './defects.ts';

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
    if (!(await hasShellcheck()))
      console.log('scripts were not checked by shellcheck: it is not on the PATH');
  });
});

describe('every planted defect is seen', () => {
  const base = new Map(renderWorkflows(settingsWith()).map((f) => [f.path.split('/').at(-1) ?? '', f]));
  let found: ReadonlyMap<string, readonly Finding[]>;
  beforeAll(async () => {
    const files = DEFECTS.map((defect, n) => {
      const file = base.get(defect.file);
      if (file === undefined) throw new Error(`no ${defect.file}`);
      return renamed({ path: file.path, text: planted(defect, file.text) }, `d${n}`);
    });
    found = Map.groupBy(await findingsIn(files), (f) => f.file);
  }, 120_000);

  it('of which there are at least forty', () => {
    expect(DEFECTS.length).toBeGreaterThanOrEqual(40);
  });

  it.each(DEFECTS.map((d, n) => [d.what, n, d.file] as const))('%s', (_what, n, file) => {
    expect(found.get(`d${n}-${file}`) ?? []).not.toEqual([]);
  });
});
