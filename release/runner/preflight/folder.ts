import { messageOf } from '../../../lib/errors.ts';
import type { Finding } from '../../core/engine/types.ts';
import type { Context } from '../context.ts';

/** Logs and records are written here: a full disk is better found now. */
export const folderFindings = async (c: Context): Promise<Finding[]> => {
  const key = `check-${c.state.request.deployment}`;
  try {
    await c.ports.local.put(key, 'writable');
    await c.ports.local.delete(key);
    return [];
  } catch (error) {
    return [
      {
        check: 'folder',
        level: 'refuse',
        message: `the working folder cannot be written: ${messageOf(error)}`,
        hint: 'free space or mend its permissions, or name another with --directory',
      },
    ];
  }
};
