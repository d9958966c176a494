import { messageOf } from '../../../lib/errors.ts';
import type { EffectOf, EffectResults } from '../../core/engine/effects.ts';
import { LOG_KINDS, logKey, logName } from '../../core/records/names.ts';
import type { Context } from '../context.ts';

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
  const style = c.state.settings.rollout;
  for (const kind of LOG_KINDS) {
    const text = await c.ports.logs.read(kind);
    if (text === undefined) continue;
    const key = logKey(environment, logName(kind, deployment, style));
    await c.records.keep(key, text);
    written.push(key);
  }
  return { written, problems };
};
