import { messageOf } from '../../../lib/errors.ts';
import type { EffectOf, EffectResults } from '../../core/engine/effects.ts';
import type { Context } from '../context.ts';

const LOOKBACK = 3_600_000;

/** What the stable version did in the last hour. Without it the gate goes on with less, and says so. */
export const baseline = async (
  effect: EffectOf<'baseline'>,
  c: Context,
): Promise<EffectResults['baseline']> => {
  const { stable, routing } = c.state;
  const groups = Object.fromEntries(
    Object.entries(routing?.services ?? {}).flatMap(([service, known]) => {
      const group = stable === undefined ? undefined : known.targetGroups[stable];
      return group === undefined ? [] : [[service, group]];
    }),
  );
  try {
    return { baselines: await c.ports.metrics.baseline(groups, LOOKBACK, effect.widthMs) };
  } catch (error) {
    return { baselines: {}, problem: messageOf(error) };
  }
};
