import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { refused } from '../../lib/errors.ts';

/** Who holds the right to update a stack. */
export interface LockInfo {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  readonly user: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: number;
}

export interface Lock {
  readonly info: LockInfo;
  /** False as soon as somebody took the lock away (`cancel`): its owner must not write any more. */
  held(): boolean;
  release(): void;
}

/** Where one stack is kept: a snapshot, a journal of the update that runs, the lock, history. */
export interface StateStore {
  /** Refused while another update holds the lock. */
  lock(at: number): Lock;
  lockInfo(): LockInfo | undefined;
  /** Takes the lock away, whoever holds it; false when there was none. A running update stops at its next step. */
  cancel(): boolean;
  snapshot(): string | undefined;
  journal(): string;
  /** Adds a line; survives the death of this process from here on. */
  append(line: string): void;
  /** Replaces the snapshot and empties the journal: all or nothing. */
  save(snapshot: string): void;
  history(): string;
  addHistory(line: string): void;
}

const textOf = (file: string): string | undefined =>
  existsSync(file) ? readFileSync(file, 'utf8') : undefined;

/** Atomic against a crash of the machine too: the new content is on disk before it gets its name. */
const replaceFile = (file: string, text: string): void => {
  const temporary = `${file}.${process.pid}.tmp`;
  const fd = openSync(temporary, 'w', 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, file);
};

const appendLine = (fd: number, line: string): void => {
  const bytes = Buffer.from(`${line}\n`, 'utf8');
  let written = 0;
  while (written < bytes.length) written += writeSync(fd, bytes, written);
};

const isLockInfo = (value: unknown): value is LockInfo =>
  typeof value === 'object' && value !== null && 'pid' in value && 'at' in value && 'host' in value;

/** `dead`: its process ran on this machine and is gone. `unknown`: it runs elsewhere. */
export const lockHolder = (info: LockInfo): 'alive' | 'dead' | 'unknown' => {
  if (info.host !== hostname()) return 'unknown';
  try {
    process.kill(info.pid, 0);
    return 'alive';
  } catch (error) {
    // EPERM: the process is there, and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'ESRCH' ? 'dead' : 'alive';
  }
};

const lockedError = (file: string, info: LockInfo | undefined): Error => {
  const who =
    info === undefined
      ? 'by an unknown process'
      : `by ${info.user}@${info.host} (pid ${info.pid}${lockHolder(info) === 'dead' ? ', not running any more' : ''}) at ${new Date(info.at).toISOString()}`;
  return refused(
    'the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or ' +
      `take the lock away with \`cancel\`.\n  ${file}: created ${who}`,
    'Wait for the other update to end. Cancel only when it is known to be dead.',
  );
};

class FileStore implements StateStore {
  readonly #directory: string;
  #journal: number | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  #file(name: string): string {
    return join(this.#directory, name);
  }

  lock(at: number): Lock {
    mkdirSync(this.#directory, { recursive: true });
    const file = this.#file('lock.json');
    const info: LockInfo = {
      id: randomUUID(),
      pid: process.pid,
      host: hostname(),
      user: userInfo().username,
      at,
    };
    let fd: number;
    try {
      fd = openSync(file, 'wx', 0o600);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
        throw lockedError(file, this.lockInfo());
      throw error;
    }
    appendLine(fd, JSON.stringify(info));
    let open = true;
    // A removed file has no links left: cheaper and safer than reading its name again.
    const held = (): boolean => open && fstatSync(fd).nlink > 0;
    return {
      info,
      held,
      release: () => {
        if (!open) return;
        if (held()) rmSync(file, { force: true });
        closeSync(fd);
        open = false;
        this.#closeJournal();
      },
    };
  }

  lockInfo(): LockInfo | undefined {
    const text = textOf(this.#file('lock.json'));
    if (text === undefined) return undefined;
    try {
      const value: unknown = JSON.parse(text);
      if (isLockInfo(value)) return value;
    } catch {
      // Being written just now, or cut off: somebody holds it, we cannot say who.
    }
    return { id: '', pid: 0, host: '', user: 'unknown', at: 0 };
  }

  cancel(): boolean {
    const file = this.#file('lock.json');
    const locked = existsSync(file);
    rmSync(file, { force: true });
    return locked;
  }

  snapshot(): string | undefined {
    return textOf(this.#file('state.json'));
  }

  journal(): string {
    return textOf(this.#file('journal.jsonl')) ?? '';
  }

  append(line: string): void {
    this.#journal ??= openSync(this.#file('journal.jsonl'), 'a', 0o600);
    appendLine(this.#journal, line);
  }

  #closeJournal(): void {
    if (this.#journal !== undefined) closeSync(this.#journal);
    this.#journal = undefined;
  }

  save(snapshot: string): void {
    mkdirSync(this.#directory, { recursive: true });
    this.#closeJournal();
    // Killed between the two: the journal names an older generation than the snapshot and is ignored.
    replaceFile(this.#file('state.json'), snapshot);
    rmSync(this.#file('journal.jsonl'), { force: true });
  }

  history(): string {
    return textOf(this.#file('history.jsonl')) ?? '';
  }

  addHistory(line: string): void {
    mkdirSync(this.#directory, { recursive: true });
    const fd = openSync(this.#file('history.jsonl'), 'a', 0o600);
    try {
      // On a line of its own, even after one that was cut off.
      appendLine(fd, `\n${line}`);
    } finally {
      closeSync(fd);
    }
  }
}

/** Keeps a stack in files of one directory, which is made when something is first written. */
export const fileStore = (directory: string): StateStore => new FileStore(directory);
