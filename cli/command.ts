import type { ExitCode } from '../lib/errors.ts';
import type { Printer } from './print.ts';

/** One option, as data: the parser, the help and the documentation read it. */
export interface OptionSpec {
  /** As the parser takes it: `--stack <name>`, `--json`, `-y, --yes`. */
  readonly flags: string;
  readonly summary: string;
  readonly default?: string | boolean;
  readonly choices?: readonly string[];
  readonly required?: boolean;
}

export type Values = Readonly<Record<string, string | boolean | undefined>>;

export interface Invocation {
  readonly args: readonly string[];
  readonly options: Values;
  readonly print: Printer;
  /** Aborted by the first Ctrl-C or SIGTERM, from when it is first read; what that means is the command's to say. */
  readonly signal: AbortSignal;
}

/** A command is data and a handler; what is heavy is imported inside the handler. */
export interface CommandSpec {
  /** `deploy`, or `backup list` for a command in a group. */
  readonly name: string;
  readonly summary: string;
  /** `<serial>`, `[name]`: positional arguments. */
  readonly args?: readonly { readonly name: string; readonly summary: string }[];
  readonly options?: readonly OptionSpec[];
  /** Command line → what it does. */
  readonly examples: readonly (readonly [string, string])[];
  /** Not shown in the overview: called by the program or by workflow jobs. */
  readonly hidden?: boolean;
  readonly run: (invocation: Invocation) => Promise<ExitCode>;
}

export const text = (values: Values, name: string): string | undefined => {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
};
export const flag = (values: Values, name: string): boolean => values[name] === true;

export const STACK: OptionSpec = {
  flags: '-s, --stack <name>',
  summary: 'the environment’s stack, e.g. production',
  default: 'production',
};
