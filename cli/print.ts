import pc from 'picocolors';
import { ExpectedError, EXIT, type ExitCode } from '../lib/errors.ts';

/**
 * The only writer to the terminal. With `json` every line is one JSON object `{type, …}`; without, lines are for
 * people. Results go to standard output, progress and errors to standard error.
 */
export interface Printer {
  readonly json: boolean;
  /** A result that a script may read: the object with `--json`, the text otherwise. */
  result(type: string, data: Readonly<Record<string, unknown>>, text: string): void;
  /** Progress for people; an event line with `--json`. */
  event(type: string, data: Readonly<Record<string, unknown>>, text: string): void;
  /** A live area that is redrawn; ignored with `--json` and outside a terminal. */
  live(lines: readonly string[]): void;
  /** Leaves the live area as it stands. */
  settle(): void;
}

interface Streams {
  readonly out: NodeJS.WriteStream;
  readonly err: NodeJS.WriteStream;
}

export const createPrinter = async (json: boolean, streams: Streams): Promise<Printer> => {
  const { out, err } = streams;
  const line = (stream: NodeJS.WriteStream, type: string, data: object, text: string): void => {
    stream.write(json ? `${JSON.stringify({ type, at: new Date().toISOString(), ...data })}\n` : `${text}\n`);
  };
  const redraw = !json && out.isTTY ? (await import('log-update')).createLogUpdate(out) : undefined;
  let shown = false;
  const clear = (): void => {
    if (shown) redraw?.clear();
    shown = false;
  };
  return {
    json,
    result: (type, data, text) => {
      clear();
      line(out, type, data, text);
    },
    event: (type, data, text) => {
      clear();
      line(json ? out : err.isTTY ? out : err, type, data, text);
    },
    live: (lines) => {
      if (redraw === undefined) return;
      redraw(lines.join('\n'));
      shown = true;
    },
    settle: () => {
      redraw?.done();
      shown = false;
    },
  };
};

/** One clear message for an expected error; the stack for a bug. Returns the exit code. */
export const reportError = (error: unknown, json: boolean, err: NodeJS.WriteStream): ExitCode => {
  if (error instanceof ExpectedError) {
    if (json)
      err.write(
        `${JSON.stringify({ type: 'error', exit: error.exit, message: error.message, hint: error.hint, problems: error.problems })}\n`,
      );
    else {
      err.write(`${pc.red('error:')} ${error.message}\n`);
      if (error.hint !== undefined) err.write(`${pc.cyan('  next:')} ${error.hint}\n`);
    }
    return error.exit;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  err.write(json ? `${JSON.stringify({ type: 'bug', message: text })}\n` : `${pc.red('bug:')} ${text}\n`);
  return EXIT.bug;
};
