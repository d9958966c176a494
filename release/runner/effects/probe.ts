import type { Slot } from '../../../config/release.types.ts';
import type { SlotName } from '../../../config/types.ts';
import type { EffectOf, EffectResults } from '../../core/engine/effects.ts';
import type { ProbeResult, ProbeTarget } from '../../ports/prober.ts';
import type { Context } from '../context.ts';

const targetsOf = async (
  c: Context,
  slot: SlotName,
  frozen: Slot,
  way: 'preview' | 'public',
): Promise<ProbeTarget[]> => {
  const { routing, url } = c.state;
  if (routing === undefined || url === undefined) return [];
  const token = way === 'preview' ? (await c.tokens())[slot] : undefined;
  if (way === 'preview' && token === undefined)
    throw new Error(`the stack gives no preview token for slot ${slot}`);
  const headers = token === undefined ? {} : { [routing.previewHeader]: token };
  return Object.entries(frozen.services).flatMap(([service, s]) => {
    const targetGroup = routing.services[service]?.targetGroups[slot];
    if (s.kind !== 'web' || targetGroup === undefined) return [];
    return [
      {
        service,
        targetGroup,
        url: `${url}${s.health.publicPath}`,
        headers,
        version: s.health.version ? frozen.version : undefined,
        timeoutMs: c.state.settings.health.timeout,
      },
    ];
  });
};

export const probeSlot = async (
  c: Context,
  slot: SlotName,
  frozen: Slot,
  way: 'preview' | 'public',
): Promise<readonly ProbeResult[]> => {
  const targets = await targetsOf(c, slot, frozen, way);
  const probes = targets.length === 0 ? [] : await c.ports.prober.probe(targets, c.signal);
  for (const p of probes) {
    const state = p.healthy ? 'healthy' : `unhealthy (${p.reason ?? 'no reason given'})`;
    c.ports.logs.append(
      'health',
      `${new Date(p.at).toISOString()} ${way} ${slot} ${p.service} ${state} ${p.version ?? '-'} ${p.latencyMs} ms`,
    );
  }
  return probes;
};

/** One round of probes, and whether load balancer and scheduler see every task healthy. */
export const probe = async (effect: EffectOf<'probe'>, c: Context): Promise<EffectResults['probe']> => {
  const groups = Object.entries(effect.frozen.services).flatMap(([service, s]) => {
    const group = c.state.routing?.services[service]?.targetGroups[effect.slot];
    return s.kind === 'web' && group !== undefined ? [{ service, group }] : [];
  });
  const [probes, targets] = await Promise.all([
    probeSlot(c, effect.slot, effect.frozen, effect.way),
    c.ports.prober.targets(groups.map((g) => g.group)),
  ]);
  const unsteady = groups
    .filter(({ group }) => {
      const seen = targets[group];
      return seen !== undefined && (seen.healthy === 0 || seen.healthy < seen.total);
    })
    .map((g) => g.service);
  return { probes, unsteady };
};
