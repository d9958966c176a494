import { settable, toShares } from '../../core/engine/weights.ts';
import type { EffectOf, EffectResults } from '../../core/engine/effects.ts';
import { equal } from '../../core/release.ts';
import type { Context } from '../context.ts';
import { readLive } from './live.ts';

const TRIES = 20;

/** All services at once by direct calls, then read back until they hold. Needs neither stack lock nor program. */
export const weights = async (effect: EffectOf<'weights'>, c: Context): Promise<EffectResults['weights']> => {
  const { routing } = c.state;
  if (routing === undefined) throw new Error('the stack has no routing');
  const wanted = settable(effect.shares, routing);
  const rules = wanted.map((w) => ({ arn: w.rule, weights: w.weights }));
  c.ports.logs.append('rollback', `direct calls for ${wanted.map((w) => w.service).join(', ')}`);
  for (let i = 1; ; i += 1) {
    const live = await readLive(c.ports.traffic, routing);
    const open = wanted.filter(
      (w) => !equal(live[w.service], toShares(w.weights, routing.services[w.service]?.targetGroups ?? {})),
    );
    if (open.length === 0) return { live, restoredAt: c.clock.now() };
    if (i > TRIES)
      throw new Error(
        `weights do not hold for ${open.map((w) => w.service).join(', ')} after ${TRIES} tries`,
      );
    await c.ports.traffic.write(rules.filter((r) => open.some((w) => w.rule === r.arn)));
    if (i > 1) await c.clock.sleep(50, c.signal);
  }
};
