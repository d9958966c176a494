import { messageOf } from '../../../lib/errors.ts';
import type { EffectOf, EffectResults } from '../../core/engine/effects.ts';
import type { Context } from '../context.ts';
import { readLive } from './live.ts';
import { probeSlot } from './probe.ts';

/**
 * One look at both versions. What cannot be read is left out and said: the gate judges missing data, and a probe
 * that could not be made says nothing about the version.
 */
export const look = async (effect: EffectOf<'look'>, c: Context): Promise<EffectResults['look']> => {
  const [probes, windows, live] = await Promise.allSettled([
    probeSlot(c, effect.slot, effect.frozen, 'preview'),
    c.ports.metrics.windows(effect.query),
    readLive(c.ports.traffic, c.state.routing),
  ]);
  const problems = [
    ...(probes.status === 'rejected' ? [`probes could not be made: ${messageOf(probes.reason)}`] : []),
    ...(windows.status === 'rejected' ? [`counts could not be read: ${messageOf(windows.reason)}`] : []),
    ...(live.status === 'rejected' ? [`weights could not be read: ${messageOf(live.reason)}`] : []),
  ];
  for (const problem of problems) c.ports.logs.append('rollout', problem);
  return {
    probes: probes.status === 'fulfilled' ? probes.value : [],
    windows: windows.status === 'fulfilled' ? windows.value : [],
    ...(live.status === 'fulfilled' ? { live: live.value } : {}),
    ...(problems.length === 0 ? {} : { problem: problems.join('; ') }),
  };
};
