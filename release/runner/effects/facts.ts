import type { EffectOf, EffectResults, StackFacts } from '../../core/engine/effects.ts';
import { recordOfLive } from '../../core/engine/goal.ts';
import type { Release } from '../../../config/release.types.ts';
import type { Context } from '../context.ts';
import { openFindings } from '../preflight/open.ts';
import { readLive } from './live.ts';

export const readFacts = async (c: Context): Promise<StackFacts> => {
  const outputs = await c.ports.stack.outputs();
  const live = await readLive(c.ports.traffic, outputs?.routing);
  return {
    ...(outputs?.release === undefined ? {} : { release: outputs.release }),
    ...(outputs === undefined ? {} : { routing: outputs.routing, url: outputs.url }),
    live,
  };
};

export const facts = (_effect: EffectOf<'facts'>, c: Context): Promise<EffectResults['facts']> =>
  readFacts(c);

/** Everything that deciding about a rollback needs. */
export const survey = async (_effect: EffectOf<'survey'>, c: Context): Promise<EffectResults['survey']> => {
  const emergency = c.state.request.rollback?.mode === 'emergency';
  const [stack, records, open] = await Promise.all([
    readFacts(c),
    c.records.summaries(),
    c.journal.listOpen(),
  ]);
  const own = stack.release === undefined ? undefined : recordOfLive(records, stack.release);
  const serials = [
    ...new Set([
      ...(own?.from === undefined ? [] : [own.from]),
      ...records.flatMap((r) => (r.status === 'success' && r.serial !== undefined ? [r.serial] : [])),
    ]),
  ];
  // All at once: somebody may be waiting for traffic to go back.
  const read = await Promise.all(
    serials.slice(0, 50).map(async (serial) => [String(serial), await c.records.release(serial)] as const),
  );
  const releases: Record<string, Release> = Object.fromEntries(
    read.flatMap(([serial, release]) => (release === undefined ? [] : [[serial, release] as const])),
  );
  const other = open.find(
    (s) => s.request.deployment !== c.state.request.deployment && s.lease !== undefined,
  );
  return {
    ...stack,
    records,
    releases,
    findings: emergency ? [] : await openFindings(c),
    ...(other === undefined || !emergency
      ? {}
      : {
          open: {
            deployment: other.request.deployment,
            ...(other.before === undefined ? {} : { before: other.before }),
            ...(other.stable === undefined ? {} : { stable: other.stable }),
          },
        }),
  };
};
