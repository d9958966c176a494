import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CommandSpec } from '../../cli/command.ts';
import { commands } from '../../cli/commands/index.ts';
import { EXIT, refused } from '../../lib/errors.ts';
import { commandLine, jsonLines } from '../support/command-line.ts';

describe('every command', () => {
  it('has --help with its options and examples', async () => {
    for (const { name, examples, options = [] } of commands) {
      const { code, out, err } = await commandLine([...name.split(' '), '--help']);
      expect({ name, code, err }).toEqual({ name, code: 0, err: '' });
      for (const [line] of examples) expect(out).toContain(`$ ${line}`);
      for (const { flags } of options) expect(out).toContain(flags);
      expect(out).toContain('--json');
    }
  });

  it('has examples that the command line takes', async () => {
    for (const spec of commands)
      for (const [line] of spec.examples) {
        const words = (/(?:sluice|npm run demo --|npm run (?=demo)) ?([^|)]*)/.exec(line)?.[1] ?? '').trim();
        const given = [...words.matchAll(/"([^"]*)"|(\S+)/g)].map((m) => m[1] ?? m[2] ?? '');
        const argv = line.startsWith('npm run demo -- ') ? ['demo', ...given] : given;
        const names: string[] = [];
        const untouched = commands.map((c) => ({
          ...c,
          run: () => {
            names.push(c.name);
            return Promise.resolve(EXIT.done);
          },
        }));
        const { err } = await commandLine(argv, untouched);
        expect({ line, names, err }).toMatchObject({ line, err: '' });
        expect(names).toHaveLength(1);
      }
  });

  it('is in the overview, but for what jobs call', async () => {
    const { code, out } = await commandLine(['--help']);
    expect(code).toBe(0);
    for (const { name } of commands.filter((c) => c.hidden !== true))
      expect(out).toMatch(new RegExp(`^  ${name.split(' ')[0] ?? ''}\\b`, 'm'));
  });
});

describe('a mistyped command line', () => {
  it.each([
    ['deply', ['deply'], 'Did you mean deploy?'],
    ['a command of a group', ['backup', 'lst'], 'Did you mean list?'],
    ['an option', ['deploy', '--versio', 'v2.0.0'], 'Did you mean --version?'],
    ['a value', ['rollback', '--mode', 'emergncy'], 'Allowed choices are standard, emergency'],
    ['an option without its value', ['deploy', '--version'], "'--version <tag>' argument missing"],
    ['an argument too many', ['status', 'production'], 'too many arguments'],
    ['an argument too few', ['config', 'at'], "missing required argument 'which'"],
  ])('%s: exit 2 and what was meant', async (_what, argv, said) => {
    const { code, out, err } = await commandLine(argv);
    expect(code).toBe(EXIT.badInput);
    expect(out).toBe('');
    expect(err).toContain(said);
  });

  it('is a JSON object with --json', async () => {
    const { code, out, err } = await commandLine(['deploy', '--versio', 'v2.0.0', '--json']);
    expect(code).toBe(EXIT.badInput);
    expect(out).toBe('');
    const [line, ...more] = jsonLines(err);
    expect(more).toEqual([]);
    expect(line).toMatchObject({ type: 'error', exit: 2 });
    expect(line?.['message']).toContain("unknown option '--versio'");
    expect(line?.['message']).toContain('Did you mean --version?');
  });

  it('without any command shows what there is', async () => {
    const { code, err } = await commandLine([]);
    expect(code).toBe(EXIT.badInput);
    expect(err).toContain('Usage: sluice');
  });
});

describe('--version', () => {
  it('of deploy and plan is the release’s, not the tool’s', async () => {
    const seen: unknown[] = [];
    const specs: CommandSpec[] = commands.map((c) => ({
      ...c,
      run: ({ options }) => {
        seen.push(options['version']);
        return Promise.resolve(EXIT.done);
      },
    }));
    for (const name of ['deploy', 'plan', 'preview'])
      expect(await commandLine([name, '--version', 'v2.0.0'], specs)).toEqual({ code: 0, out: '', err: '' });
    expect(seen).toEqual(['v2.0.0', 'v2.0.0', 'v2.0.0']);
  });

  it('alone is the tool’s, as its package has it', async () => {
    const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
    const { version } = JSON.parse(text) as { version: string };
    expect(await commandLine(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });
});

describe('what a command ends with', () => {
  const ending = (run: CommandSpec['run']): CommandSpec[] => [
    { name: 'end', summary: 'ends', examples: [['sluice end', 'ends']], run },
  ];

  it('is its exit code; an expected error is one message, anything else a bug with its place', async () => {
    expect(
      (
        await commandLine(
          ['end'],
          ending(() => Promise.resolve(EXIT.rolledBack)),
        )
      ).code,
    ).toBe(4);
    const no = ending(() => Promise.reject(refused('the door is shut', 'sluice open')));
    const told = await commandLine(['end'], no);
    expect(told).toMatchObject({ code: 3, out: '' });
    expect(told.err).toBe('error: the door is shut\n  next: sluice open\n');
    const bug = await commandLine(
      ['end'],
      ending(() => Promise.reject(new TypeError('x is no function'))),
    );
    expect(bug.code).toBe(1);
    expect(bug.err).toMatch(/^bug: TypeError: x is no function\n\s+at .*commands\.test\.ts/);
  });

  it('leaves nothing behind that listens to signals', async () => {
    const before = process.listenerCount('SIGINT');
    await commandLine(
      ['end'],
      ending(() => Promise.resolve(EXIT.done)),
    );
    expect(process.listenerCount('SIGINT')).toBe(before);
  });

  it('is what the README says', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8').replaceAll(/\s+/g, ' ');
    const told = /Exit codes: ([^.]*)\./.exec(readme)?.[1] ?? '';
    const codes = told.split(', ').map((part) => Number(part.split(' ')[0]));
    expect(codes).toEqual(Object.values(EXIT));
    const meant = [/done/, /bug/, /bad input/, /refused/, /rolled back/, /person/];
    for (const [i, part] of told.split(', ').entries()) expect(part).toMatch(meant[i] ?? /never/);
  });
});
