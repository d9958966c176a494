import { messageOf } from '../../../lib/errors.ts';
import type { Records } from '../../adapters/records.ts';
import type { State } from '../../core/engine/types.ts';
import { mergeLogs } from '../../core/records/logs.ts';
import { LOG_KINDS, logKey, logName } from '../../core/records/names.ts';
import type { Logs } from '../types.ts';

export interface KeptLogs {
  /** Keys in the record bucket. */
  readonly written: readonly string[];
  readonly problems: readonly string[];
}

/**
 * Brings this machine's logs of a deployment into the record bucket, beside what other jobs have brought there. A
 * log that cannot be kept is named and fails nothing.
 */
export const keepLogs = async (
  { request, settings }: Pick<State, 'request' | 'settings'>,
  logs: Logs,
  records: Pick<Records, 'text' | 'keep'>,
): Promise<KeptLogs> => {
  const written: string[] = [];
  const problems: string[] = [];
  for (const kind of LOG_KINDS) {
    const own = await logs.read(kind);
    if (own === undefined) continue;
    const key = logKey(request.environment, logName(kind, request.deployment, settings.rollout));
    try {
      const kept = (await records.text(key)) ?? '';
      const merged = mergeLogs(kept, own);
      if (merged !== kept) await records.keep(key, merged);
      written.push(key);
    } catch (error) {
      problems.push(`${key} could not be kept: ${messageOf(error)}`);
    }
  }
  return { written, problems };
};
