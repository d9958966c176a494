import { appendFileSync, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redactor } from '../../lib/redact.ts';
import { logName, type NameStyle } from '../../release/core/records/names.ts';
import type { Logs } from '../../release/runner/types.ts';

/** Folder of a deployment's logs below the working folder. */
export const logFolder = (directory: string, deployment: string): string =>
  join(directory, 'logs', deployment);

/**
 * One file per kind under the documents' names, each line with its time, free of secrets. A log that cannot be
 * written never fails a release: the record says what is missing.
 */
export const fileLogs = (
  directory: string,
  deployment: string,
  style: NameStyle,
  redactor: Redactor,
  now: () => number,
): Logs => {
  const folder = logFolder(directory, deployment);
  const path = (kind: Parameters<Logs['append']>[0]): string =>
    join(folder, `${logName(kind, deployment, style)}.log`);
  return {
    append: (kind, line) => {
      try {
        mkdirSync(folder, { recursive: true });
        appendFileSync(path(kind), `${new Date(now()).toISOString()} ${redactor.text(line)}\n`);
      } catch {
        // Preflight found the folder writable; a disk that fills up later must not take the release down.
      }
    },
    read: async (kind) => {
      try {
        return await readFile(path(kind), 'utf8');
      } catch {
        return undefined;
      }
    },
  };
};
