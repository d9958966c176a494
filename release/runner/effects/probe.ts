import type { Slot } from '../../../config/release.types.ts';
import type { SlotName } from '../../../config/types.ts';
import type { EffectOf, EffectResults } from '../../core/engine/effects.ts';
import type { ProbeResult, ProbeTarget } from '../../ports/prober.ts';
import type { Context } from '../context.ts';

/** What a probe must send to reach a slot that users do not; nothing where a slot has an address of its own. */
const previewHeaders = async (
  c: Context,
  slot: SlotName,
  header: string | undefined,
): Promise<Record<string, string>> => {
  if (header === undefined) return {};
  const token = (await c.tokens())[slot];
  if (token === undefined) throw new Error(`the stack gives no preview token for slot ${slot}`);
  return { [header]: token };
};

const targetsOf = async (
  c: Context,
  slot: SlotName,
  frozen: Slot,
  way: 'preview' | 'public',
): Promise<ProbeTarget[]> => {
  const { routing, url } = c.state;
  if (routing === undefined || url === undefined) return [];
  const headers = way === 'preview' ? await previewHeaders(c, slot, routing.previewHeader) : {};
  return Object.entries(frozen.services).flatMap(([service, s]) => {
    const { rule, targetGroups } = routing.services[service] ?? { targetGroups: {} };
    const targetGroup = targetGroups[slot];
    if (s.kind !== 'web' || targetGroup === undefined) return [];
    return [
      {
        service,
        targetGroup,
        ...(way === 'public' && rule !== undefined ? { rule } : {}),
        ...(s.function === undefined ? {} : { function: { image: s.image, tests: s.function.tests } }),
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
