import type { Finding } from '../../core/engine/types.ts';
import type { Context } from '../context.ts';

/** No release starts inside a freeze window. */
export const freezeFindings = (c: Context): Promise<Finding[]> => {
  const now = c.clock.now();
  const inside = c.app.freeze.filter((f) => Date.parse(f.from) <= now && now < Date.parse(f.to));
  return Promise.resolve(
    inside.map((f) => ({
      check: 'freeze',
      level: 'refuse',
      message: `no releases from ${f.from} to ${f.to}: ${f.reason}`,
      hint: 'wait, or change sluice:app.freeze',
    })),
  );
};
