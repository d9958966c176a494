import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { badInput, EXIT, ExpectedError, messageOf } from '../../lib/errors.ts';
import { type Redactor, redactor } from '../../lib/redact.ts';
import type { Secrets } from '../../release/ports/supply.ts';
import { type Address, parseAddress } from '../../release/adapters/database/address.ts';
import type { SecretReference } from '../../config/release.types.ts';
import type { Environment, TaskKind } from './environment.ts';
import { logPath } from './environment.ts';

/** What a task is given by whoever runs it. */
export interface TaskPorts {
  readonly secrets: Pick<Secrets, 'read'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Environment the task was started with; the AWS settings are read from it. */
  readonly env: Environment;
  /** Gets every line of the log as well, without the time. */
  readonly log?: (line: string) => void;
}

/** A running task: everything it says goes through one redactor into one log file. */
export interface Task {
  readonly clock: Clock;
  /** Aborted by the caller, or when the task has taken too long. */
  readonly signal: AbortSignal;
  readonly hidden: Redactor;
  readonly log: (line: string) => void;
  /** Reads a secret that holds a database's URL; from then on the log hides it. */
  database(reference: SecretReference): Promise<Address & { readonly url: string }>;
}

export interface TaskSettings {
  readonly kind: TaskKind;
  readonly directory: string;
  readonly deployment: string;
  /** Milliseconds; undefined: no limit. */
  readonly timeout: number | undefined;
}

/** One file per kind; lines of earlier tries stay. */
const fileLog = (settings: TaskSettings): ((line: string) => void) => {
  const path = logPath(settings.directory, settings.deployment, settings.kind);
  try {
    mkdirSync(dirname(path), { recursive: true });
    appendFileSync(path, '');
  } catch (error) {
    throw badInput(`the log ${path} cannot be written`, [
      { path: 'SLUICE_DIR', reason: messageOf(error), got: settings.directory },
    ]);
  }
  return (line) => appendFileSync(path, line);
};

/**
 * Runs one task with its log and its limit of time. A failure is logged before it is thrown on, without secrets.
 */
export const runTask = async <T>(
  settings: TaskSettings,
  ports: Omit<TaskPorts, 'secrets'> & Partial<Pick<TaskPorts, 'secrets'>>,
  work: (task: Task) => Promise<T>,
): Promise<T> => {
  const hidden = redactor();
  const write = fileLog(settings);
  const log = (line: string): void => {
    const text = hidden.text(line);
    write(`${new Date(ports.clock.now()).toISOString()} ${text}\n`);
    ports.log?.(text);
  };
  const limit = new AbortController();
  const over = new AbortController();
  const signal = AbortSignal.any([ports.signal, limit.signal]);
  if (settings.timeout !== undefined) {
    const { timeout } = settings;
    ports.clock
      .sleep(timeout, over.signal)
      .then(() => limit.abort(tooLong(settings.kind, timeout)))
      .catch(() => undefined);
  }
  const database = async (reference: SecretReference): Promise<Address & { url: string }> => {
    if (ports.secrets === undefined) throw new Error(`the ${settings.kind} task has no secrets to read`);
    const url = await readSecret(ports.secrets, reference);
    hidden.add(url);
    const address = parseAddress(url);
    hidden.add(address.password);
    return { ...address, url };
  };
  try {
    return await work({ clock: ports.clock, signal, hidden, log, database });
  } catch (error) {
    const shown = withoutSecrets(error, hidden);
    log(`failed: ${messageOf(shown)}`);
    throw shown;
  } finally {
    over.abort();
  }
};

const readSecret = async (secrets: TaskPorts['secrets'], reference: SecretReference): Promise<string> => {
  try {
    return (await secrets.read(reference)).trim();
  } catch (error) {
    throw new ExpectedError(
      `the secret ${reference.arn} cannot be read in version ${reference.version}: ${messageOf(error)}`,
      {
        exit: EXIT.personNeeded,
        hint: 'see that it exists, and that the role of this task may read it',
        cause: error,
      },
    );
  }
};

/** Names of time limits that are not the task's own. */
const LIMITS: Partial<Readonly<Record<TaskKind, string>>> = {
  verify: 'health',
  restore: 'backup',
  undo: 'migrate',
};

const tooLong = (kind: TaskKind, ms: number): ExpectedError =>
  new ExpectedError(`the ${kind} task took longer than ${ms / 1000} s and was stopped`, {
    exit: EXIT.personNeeded,
    hint: `raise timeouts.${LIMITS[kind] ?? kind} in sluice:app, or see what the log says it waited for`,
  });

/** An expected error's message is shown to people; a driver may have put a password into it. */
const withoutSecrets = (error: unknown, hidden: Redactor): unknown => {
  if (!(error instanceof ExpectedError)) return error;
  const message = hidden.text(error.message);
  return message === error.message
    ? error
    : new ExpectedError(message, { exit: error.exit, hint: error.hint, problems: error.problems });
};

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
export const megabytes = (bytes: number): string =>
  bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
