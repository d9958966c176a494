/** What a process ends with; the same for every command. */
export const EXIT = { done: 0, bug: 1, badInput: 2, refused: 3, rolledBack: 4, personNeeded: 5 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** One thing wrong with an input: where, what was given, what is allowed. */
export interface Problem {
  /** Path of the value as the user writes it, e.g. `sluice:app.stages[1].traffic`. */
  readonly path: string;
  readonly reason: string;
  /** The value as given, already shortened and free of secrets. */
  readonly got?: string;
  readonly allowed?: string;
}

/** An error that a user is expected to meet: one clear message, a way out, an exit code. Anything else is a bug. */
export class ExpectedError extends Error {
  override readonly name: string = 'ExpectedError';
  readonly exit: ExitCode;
  /** What to do next: preferably the one command to run. */
  readonly hint: string | undefined;
  readonly problems: readonly Problem[];

  constructor(
    message: string,
    options: { exit: ExitCode; hint?: string | undefined; problems?: readonly Problem[]; cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exit = options.exit;
    this.hint = options.hint;
    this.problems = options.problems ?? [];
  }
}

export const formatProblem = (p: Problem): string => {
  const notes = [
    p.got === undefined ? undefined : `got ${p.got}`,
    p.allowed === undefined ? undefined : `allowed: ${p.allowed}`,
  ].filter((n) => n !== undefined);
  return `${p.path}: ${p.reason}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`;
};

/** Bad input (exit 2): every problem at once, one a line. */
export const badInput = (what: string, problems: readonly Problem[], hint?: string): ExpectedError =>
  new ExpectedError([what, ...problems.map((p) => `  ${formatProblem(p)}`)].join('\n'), {
    exit: EXIT.badInput,
    problems,
    hint,
  });

/** Refused (exit 3): the input is well formed, but doing it now would be wrong. */
export const refused = (message: string, hint?: string, cause?: unknown): ExpectedError =>
  new ExpectedError(message, { exit: EXIT.refused, hint, cause });

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
