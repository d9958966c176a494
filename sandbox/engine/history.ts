import type { Checkpoint } from './checkpoint.ts';
import type { StateStore } from './store.ts';
import type { EngineOptions, HistoryRecord } from './types.ts';

/** Adds the update that just ended, with the configuration it ran with. Secret values are sealed. */
export const writeHistory = (
  options: EngineOptions,
  checkpoint: Checkpoint,
  update: Omit<HistoryRecord, 'version' | 'config' | 'message'>,
): void => {
  const secretKeys = new Set(options.secretKeys);
  const config = Object.fromEntries(
    Object.entries(options.config).map(([key, value]) => {
      const secret = secretKeys.has(key);
      return [key, { value: secret ? checkpoint.seal(value) : value, secret }];
    }),
  );
  const version = lines(options.store).length + 1;
  const record: HistoryRecord = { version, message: options.message ?? '', ...update, config };
  options.store.addHistory(JSON.stringify(record));
};

const lines = (store: StateStore): string[] =>
  store
    .history()
    .split('\n')
    .filter((line) => line !== '');

/** Every update that ended, oldest first. */
export const readHistory = (store: StateStore): HistoryRecord[] => {
  const records: HistoryRecord[] = [];
  for (const line of lines(store)) {
    try {
      records.push(JSON.parse(line) as HistoryRecord);
    } catch {
      // Cut off by a kill while it was written: that update is not in history, like any killed one.
    }
  }
  return records;
};
