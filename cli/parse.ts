import { Command, CommanderError, Option } from 'commander';
import { EXIT, ExpectedError, type ExitCode } from '../lib/errors.ts';
import type { CommandSpec } from './command.ts';
import { createPrinter, reportError } from './print.ts';

const JSON_OPTION = new Option('--json', 'print one JSON object a line');

/** Longest first column of the examples, so that their explanations line up. */
const examplesText = (spec: CommandSpec): string => {
  const width = Math.max(...spec.examples.map(([line]) => line.length));
  return [
    '',
    'Examples:',
    ...spec.examples.map(([line, what]) => `  $ ${line.padEnd(width)}   ${what}`),
  ].join('\n');
};

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Ctrl-C and SIGTERM abort once; a second Ctrl-C is left to the runtime's default. A command that never asks for the
 * signal ends as any program does.
 */
const interruption = (): { readonly signal: () => AbortSignal; readonly end: () => void } => {
  const controller = new AbortController();
  const abort = (name: NodeJS.Signals): void => controller.abort(new Error(`interrupted by ${name}`));
  let listening = false;
  return {
    signal: () => {
      if (!listening) for (const name of SIGNALS) process.once(name, abort);
      listening = true;
      return controller.signal;
    },
    end: () => {
      for (const name of SIGNALS) process.off(name, abort);
    },
  };
};

const groupOf = (root: Command, words: readonly string[]): Command =>
  words.reduce((parent, word) => {
    const existing = parent.commands.find((c) => c.name() === word);
    return existing ?? parent.command(word).summary(`${word} commands`).exitOverride();
  }, root);

const add = (root: Command, spec: CommandSpec, done: (code: ExitCode) => void): void => {
  const words = spec.name.split(' ');
  const leaf = words.at(-1) ?? spec.name;
  const command = groupOf(root, words.slice(0, -1))
    .command(leaf, { hidden: spec.hidden ?? false })
    .summary(spec.summary)
    .description(spec.summary)
    .exitOverride()
    .addOption(JSON_OPTION)
    .addHelpText('after', examplesText(spec));
  for (const arg of spec.args ?? []) command.argument(arg.name, arg.summary);
  for (const option of spec.options ?? []) {
    const made = new Option(option.flags, option.summary);
    if (option.default !== undefined) made.default(option.default);
    if (option.choices !== undefined) made.choices(option.choices);
    if (option.required === true) made.makeOptionMandatory();
    command.addOption(made);
  }
  command.action(async (...given: unknown[]) => {
    const options = command.opts<Record<string, string | boolean | undefined>>();
    const args = given.slice(0, spec.args?.length ?? 0).filter((a): a is string => typeof a === 'string');
    const json = options['json'] === true;
    const { signal, end } = interruption();
    try {
      const print = await createPrinter(json, { out: process.stdout, err: process.stderr });
      done(
        await spec.run({
          args,
          options,
          print,
          get signal() {
            return signal();
          },
        }),
      );
    } catch (error) {
      done(reportError(error, json, process.stderr));
    } finally {
      end();
    }
  });
};

/** Parses the command line, runs one command and resolves to its exit code. */
export const parseAndRun = async (
  commands: readonly CommandSpec[],
  argv: readonly string[],
): Promise<ExitCode> => {
  const json = argv.includes('--json');
  // What the parser says about the command line; a script reads it as it reads every other error.
  let said = '';
  const root = new Command('sluice')
    .configureOutput({
      writeErr: (text) => {
        if (json) said += text;
        else process.stderr.write(text);
      },
    })
    .description('Releases as stack updates.')
    .version('0.1.0')
    .showHelpAfterError('(run it with --help for its options and examples)')
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .exitOverride();
  let code: ExitCode = EXIT.done;
  for (const spec of commands)
    add(root, spec, (result) => {
      code = result;
    });
  try {
    await root.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error, json, process.stderr);
    // Help and version are no errors; everything else the parser throws is bad input, printed as it was met.
    if (error.exitCode === 0) return EXIT.done;
    if (!json) return EXIT.badInput;
    const [message = '', ...more] = said.trim().split(/\n(?=\()/);
    return reportError(
      new ExpectedError([message.replace(/^error: /, ''), ...more.slice(0, -1)].join(' '), {
        exit: EXIT.badInput,
        hint: 'run it with --help for its options and examples',
      }),
      json,
      process.stderr,
    );
  }
};
