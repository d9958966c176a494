import { messageOf } from '../../../lib/errors.ts';
import type { EffectOf, EffectResults } from '../../core/engine/effects.ts';
import type { Context } from '../context.ts';
import { keepLogs } from './keep-logs.ts';

/**
 * The record into the bucket and the working folder, logs beside it. The bucket decides: when it cannot be reached
 * this fails and is tried again; the folder is a convenience.
 */
export const record = async (effect: EffectOf<'record'>, c: Context): Promise<EffectResults['record']> => {
  const { environment, deployment } = c.state.request;
  const problems: string[] = [];
  const local = async (key: string, body: string): Promise<void> => {
    try {
      await c.ports.local.put(key, body);
    } catch (error) {
      problems.push(`${key} could not be written here: ${messageOf(error)}`);
    }
  };
  const written: string[] = [];
  for (const file of effect.files) {
    const isRecord = file.name.endsWith('.json');
    await local(`records/${environment}/${isRecord ? `${deployment}.json` : file.name}`, file.body);
    if (file.key === undefined) continue;
    await c.records.keep(file.key, file.body);
    written.push(file.key);
  }
  const logs = await keepLogs(c.state, c.ports.logs, c.records);
  return { written: [...written, ...logs.written], problems: [...problems, ...logs.problems] };
};
