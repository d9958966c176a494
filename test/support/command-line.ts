import { vi } from 'vitest';
import type { CommandSpec } from '../../cli/command.ts';
import { commands } from '../../cli/commands/index.ts';
import { parseAndRun } from '../../cli/parse.ts';

export interface Told {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A command line in this process, with everything that it wrote. */
export const commandLine = async (
  argv: readonly string[],
  specs: readonly CommandSpec[] = commands,
): Promise<Told> => {
  const caught = (stream: NodeJS.WriteStream) => vi.spyOn(stream, 'write').mockImplementation(() => true);
  const [out, err] = [caught(process.stdout), caught(process.stderr)];
  try {
    const code = await parseAndRun(specs, argv);
    const text = (spy: typeof out): string => spy.mock.calls.map(([chunk]) => String(chunk)).join('');
    return { code, out: text(out), err: text(err) };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
};

/** Lines of which each is one JSON object. */
export const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
