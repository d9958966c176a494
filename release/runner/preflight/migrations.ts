import { messageOf } from '../../../lib/errors.ts';
import type { Finding } from '../../core/engine/types.ts';
import { destructiveParts } from '../../core/migrations.ts';
import type { Context } from '../context.ts';

export interface Migrations {
  readonly pending: readonly string[];
  readonly destructive: readonly string[];
  readonly findings: readonly Finding[];
}

/** Pending migrations, and which of them take something away that the version before may need. */
export const migrationsOf = async (c: Context): Promise<Migrations> => {
  const { database } = c.app;
  const { deployment, version } = c.state.request;
  if (database === undefined) return { pending: [], destructive: [], findings: [] };
  let pending: readonly string[];
  try {
    pending = await c.ports.tasks.list('pendingMigrations', {
      SLUICE_DEPLOYMENT: deployment,
      VERSION: version,
    });
  } catch (error) {
    const message = `pending migrations could not be listed: ${messageOf(error)}`;
    return { pending: [], destructive: [], findings: [{ check: 'migrations', level: 'warn', message }] };
  }
  const read = c.ports.migration;
  const destructive =
    read === undefined
      ? []
      : (await Promise.all(pending.map(async (name) => ({ name, sql: await read(name) })))).flatMap(
          ({ name, sql }) => {
            const parts = sql === undefined ? [] : destructiveParts(sql);
            return parts.length === 0 ? [] : [`${name} ${parts.join(', ')}`];
          },
        );
  const notes: Finding[] = [
    ...(pending.length === 0
      ? []
      : [{ check: 'migrations', level: 'note' as const, message: `pending: ${pending.join(', ')}` }]),
    ...destructive.map((d) => ({
      check: 'migrations',
      level: 'warn' as const,
      message: `${d}: the version before may not work afterwards without a restore`,
    })),
  ];
  return { pending, destructive, findings: notes };
};
