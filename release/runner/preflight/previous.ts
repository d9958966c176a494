import { messageOf } from '../../../lib/errors.ts';
import type { EffectResults } from '../../core/engine/effects.ts';
import type { Finding } from '../../core/engine/types.ts';
import { liveSlot } from '../../core/release.ts';
import type { Context } from '../context.ts';

/** Can this release be taken back? The completed release that a rollback would restore is looked for beforehand. */
export const previousOf = async (
  c: Context,
): Promise<{ previous?: EffectResults['preflight']['previous']; findings: readonly Finding[] }> => {
  const release = (await c.ports.stack.outputs())?.release;
  const live = release === undefined ? undefined : liveSlot(release);
  const slot = live === undefined ? undefined : release?.slots[live];
  if (release === undefined || slot === undefined)
    return {
      findings: [{ check: 'previous', level: 'note', message: 'the first release: nothing to go back to' }],
    };
  const previous = { serial: release.serial, version: slot.version, deployment: slot.deployment };
  try {
    if ((await c.records.release(release.serial)) !== undefined) return { previous, findings: [] };
    const message = `release ${release.serial} is not in the record bucket: a later rollback could not read it`;
    return { previous, findings: [{ check: 'previous', level: 'warn', message }] };
  } catch (error) {
    const message = `the record bucket cannot be read: ${messageOf(error)}`;
    return { previous, findings: [{ check: 'previous', level: 'refuse', message }] };
  }
};
