import { messageOf } from '../../../lib/errors.ts';
import type { Finding } from '../../core/engine/types.ts';
import { liveVersion } from '../../core/release.ts';
import { riskNote } from '../../core/records/risk.ts';
import type { Release } from '../../../config/release.types.ts';
import type { Context } from '../context.ts';

const LOOKS_BACK = 180 * 86_400_000;

/** A note for whoever approves, from the records of the environment; one that cannot be made never stops a release. */
export const riskFindings = async (
  c: Context,
  release: Release | undefined,
  migrations: { readonly pending: readonly string[]; readonly destructive: readonly string[] },
): Promise<Finding[]> => {
  const note = (message: string): Finding[] => [{ check: 'risk', level: 'note', message }];
  try {
    const now = c.clock.now();
    const records = await c.records.all(now - LOOKS_BACK);
    const change = {
      version: c.state.request.version,
      live: release === undefined ? undefined : liveVersion(release),
      services: Object.keys(c.app.services),
      pendingMigrations: migrations.pending,
      destructive: migrations.destructive,
    };
    return note(riskNote(records, change, now).text);
  } catch (error) {
    return note(`risk unknown: the records could not be read: ${messageOf(error)}`);
  }
};
