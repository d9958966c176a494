/** Results as they are kept, and as they are shown: one table in the terminal and in README.md. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Machine } from './machine.ts';
import { rowsTable, table, type Row } from './row.ts';

export interface Kept {
  readonly format: 1;
  readonly bench: string;
  readonly title: string;
  readonly before: Machine;
  readonly after: Machine;
  readonly rows: readonly Row[];
  readonly numbers: Readonly<Record<string, unknown>>;
}

const fileOf = (name: string): URL => new URL(`results/${name}.json`, import.meta.url);

export const writeKept = (kept: Kept): void =>
  writeFileSync(fileOf(kept.bench), `${JSON.stringify(kept, undefined, 1)}\n`);

/** The last result of a bench; undefined where it was never run. */
export const readKept = (name: string): Kept | undefined =>
  existsSync(fileOf(name)) ? (JSON.parse(readFileSync(fileOf(name), 'utf8')) as Kept) : undefined;

/** Every claim, and where and when it was measured. */
export const showAll = (all: readonly Kept[]): string => {
  const places = table(
    ['bench', 'measured at', 'load before', 'after', 'node', 'machine'],
    all.map(({ bench, before, after }) => [
      bench,
      before.at,
      String(before.load),
      String(after.load),
      before.node,
      `${before.cores} cores (${before.processor}), ${before.memory} GiB, ${before.platform}`,
    ]),
  );
  return `${rowsTable(all.flatMap(({ rows }) => rows))}\n\n${places}`;
};

const BEGIN = '<!-- results: written by run.ts -->';
const END = '<!-- end of results -->';

/** Puts `content` between the markers of `page`. */
export const between = (page: string, content: string): string => {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`bench/README.md has lost its markers ${BEGIN} … ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${content.trim()}\n\n${page.slice(end)}`;
};

export const writeReadme = async (all: readonly Kept[]): Promise<void> => {
  const readme = new URL('README.md', import.meta.url);
  const page = between(readFileSync(readme, 'utf8'), showAll(all));
  // The repository's formatter decides how tables are laid out.
  const { format, resolveConfig } = await import('prettier');
  const options = await resolveConfig(readme);
  writeFileSync(readme, await format(page, { ...options, parser: 'markdown' }));
};
