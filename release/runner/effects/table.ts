import type { EffectKind, EffectOf, EffectResults } from '../../core/engine/effects.ts';
import type { Context } from '../context.ts';
import { preflight } from '../preflight/index.ts';
import { baseline } from './baseline.ts';
import { metadata, restore, undo } from './data.ts';
import { facts, survey } from './facts.ts';
import { acquire, letGo } from './lease.ts';
import { look } from './look.ts';
import { probe } from './probe.ts';
import { record } from './record.ts';
import { smoke } from './smoke.ts';
import { build, freeze } from './supply.ts';
import { update } from './update.ts';
import { weights } from './weights.ts';

export type EffectTable = {
  readonly [K in EffectKind]: (effect: EffectOf<K>, context: Context) => Promise<EffectResults[K]>;
};

/** How each kind of effect is done. Every one may be started twice. */
export const EFFECTS: EffectTable = {
  preflight,
  survey,
  facts,
  acquire,
  build,
  freeze,
  update,
  metadata,
  probe,
  baseline,
  look,
  weights,
  smoke,
  restore,
  undo,
  wait: async () => ({}),
  record,
  message: async (effect, c) => ({ sent: await c.ports.messages.send(effect.message) }),
  letGo,
};
