import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { commands } from '../cli/commands/index.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}/${path}`, 'utf8');

const page = read('docs/requirements.md');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (-|row |what |question )/.test(line));

/** Rows of the list, as it counts them; E8 and E9 have an issue of their own. */
const LETTERS: Readonly<Record<string, number>> = { A: 9, B: 9, C: 8, D: 14, E: 7, F: 9, G: 4 };
const WANTED = Object.entries(LETTERS).flatMap(([letter, last]) =>
  Array.from({ length: last }, (_, i) => `${letter}${i + 1}`),
);

interface Reference {
  readonly path: string;
  readonly title: string | undefined;
}
const PATH = /`((?:test|docs|\.github)\/[^`]+|package\.json|Pulumi\.[a-z]+\.yaml)`(?: “([^”]+)”)?/g;
const references = (line: string): Reference[] =>
  [...line.matchAll(PATH)].map(([, path = '', title]) => ({ path, title }));

it('every row of the list is there once, in order', () => {
  const named = rows.flatMap((line) => /^\| ([A-G]\d+) /.exec(line)?.[1] ?? []);
  expect(named).toEqual(WANTED);
});

it('every row names what shows it, or says what is missing', () => {
  const empty = rows.filter((line) => references(line).length === 0 && !line.includes('Not yet'));
  expect(empty).toEqual([]);
});

it('every file exists, and every quoted test is in its file', () => {
  const wrong = rows.flatMap(references).filter(({ path, title }) => {
    if (!existsSync(`${ROOT}/${path}`)) return true;
    return title !== undefined && !read(path).includes(title);
  });
  expect(wrong).toEqual([]);
});

it('a quotation is only taken beside a test', () => {
  const quoted = (page.match(/“/g) ?? []).length;
  const taken = rows.flatMap(references).filter((r) => r.title !== undefined).length;
  // Two stand in the text above the table.
  expect(quoted - taken).toBe(2);
});

it('npm has a script for each environment, and each runs a command that there is', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const names = new Set(commands.map((c) => c.name));
  for (const name of ['deploy:staging', 'deploy:production', 'rollback:staging', 'rollback:production']) {
    const command = /^node cli\/sluice\.js (\w+) --stack (\w+)/.exec(scripts[name] ?? '');
    expect(command?.[2], name).toBe(name.split(':')[1]);
    expect(names, name).toContain(command?.[1]);
  }
});
