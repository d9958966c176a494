import type { EffectOf, EffectResults } from '../../core/engine/effects.ts';
import type { Metadata } from '../../core/engine/types.ts';
import { refused } from '../../../lib/errors.ts';
import type { Context } from '../context.ts';

/** Where the database commands leave what they did. */
export const backupKey = (prefix: string, deployment: string): string =>
  [...prefix.split('/').filter((part) => part !== ''), `backup-${deployment}.json`].join('/');
export const migrationKey = (environment: string, deployment: string): string =>
  `markers/${environment}/${deployment}/migrate.json`;

/** What the backup or the migration left beside its work. */
export const metadata = async (
  effect: EffectOf<'metadata'>,
  c: Context,
): Promise<EffectResults['metadata']> => {
  const { deployment, environment } = c.state.request;
  const { database } = c.state.settings;
  const found =
    effect.of === 'backup'
      ? await c.ports.objects.backup.get(backupKey(database?.backup.prefix ?? environment, deployment))
      : await c.ports.objects.record.get(migrationKey(environment, deployment));
  if (found === undefined) return {};
  try {
    return { metadata: JSON.parse(found.body) as Metadata };
  } catch (error) {
    throw refused(`the metadata of the ${effect.of} of ${deployment} is damaged`, undefined, error);
  }
};

export const restore = async (effect: EffectOf<'restore'>, c: Context): Promise<EffectResults['restore']> => {
  if (c.ports.restore === undefined) throw refused('no database is configured that could be restored');
  c.ports.logs.append('rollback', `restores the backup of ${effect.deployment}`);
  return await c.ports.restore(effect.deployment, c.signal);
};

export const undo = async (effect: EffectOf<'undo'>, c: Context): Promise<EffectResults['undo']> => {
  const { deployment, version } = c.state.request;
  const { migrations, timeoutMs } = effect;
  if (c.ports.undo === undefined) throw refused('no database is configured whose migrations could be undone');
  c.ports.logs.append('rollback', `undoes ${migrations.join(', ')}`);
  return await c.ports.undo({ deployment, version, migrations, timeoutMs }, c.signal);
};
