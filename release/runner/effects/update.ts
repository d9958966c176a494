import { drift } from '../../core/engine/weights.ts';
import type { EffectOf, EffectResults } from '../../core/engine/effects.ts';
import { canonical } from '../../core/release.ts';
import type { Release } from '../../../config/release.types.ts';
import type { LogKind } from '../../core/records/names.ts';
import type { StackOutputs } from '../../ports/stack.ts';
import type { Context } from '../context.ts';
import { readLive } from './live.ts';

const LOG: Readonly<Record<EffectOf<'update'>['step'], LogKind>> = {
  close: 'rollout',
  open: 'rollout',
  backup: 'backup',
  build: 'build',
  migrate: 'migration',
  up: 'rollout',
  replace: 'rollout',
  shift: 'rollout',
  direct: 'rollout',
  back: 'rollback',
  down: 'rollout',
  revert: 'rollback',
};

const isAt = (outputs: StackOutputs | undefined, wanted: Release): boolean =>
  outputs?.release !== undefined &&
  outputs.release.serial === wanted.serial &&
  outputs.release.deployment === wanted.deployment &&
  canonical(outputs.release.traffic) === canonical(wanted.traffic) &&
  canonical(outputs.release.slots) === canonical(wanted.slots);

/** Looks, applies, reads back. Repeated after a kill it finds the stack where it should be and only reads back. */
export const update = async (effect: EffectOf<'update'>, c: Context): Promise<EffectResults['update']> => {
  const before = await c.ports.stack.outputs();
  const done = isAt(before, effect.release);
  if (!done && effect.weights === 'strict') {
    const live = await readLive(c.ports.traffic, before?.routing);
    // An update that a kill cut in half has set some rules already.
    const wrong = drift(live, effect.base, c.again ? effect.release : undefined);
    if (wrong.length > 0) return { applied: false, drift: wrong.join('; '), live };
  }
  const { outputs, changes } =
    done && before !== undefined ? { outputs: before, changes: {} } : await apply(effect, c);
  const release = outputs.release;
  if (release === undefined) throw new Error('the update ended without a release in its outputs');
  return {
    applied: true,
    release,
    routing: outputs.routing,
    url: outputs.url,
    live: await settled(c, outputs, release),
    changes,
    again: done,
  };
};

const apply = async (effect: EffectOf<'update'>, c: Context) => {
  const log = LOG[effect.step];
  c.ports.logs.append(log, `update ${effect.name}: serial ${effect.release.serial}`);
  const result = await c.ports.stack.up(effect.release, {
    signal: c.signal,
    onEvent: (e) => {
      c.ports.logs.append(log, `${e.kind} ${e.op ?? ''} ${e.urn ?? ''} ${e.text}`.replaceAll(/ +/g, ' '));
    },
  });
  c.ports.logs.append(log, `update ${effect.name} done in ${result.durationMs} ms`);
  return result;
};

const TRIES = 10;

/** A rule change has no documented time to take effect: the weights are read until they agree, or not. */
const settled = async (c: Context, outputs: StackOutputs, release: Release) => {
  for (let i = 1; ; i += 1) {
    const live = await readLive(c.ports.traffic, outputs.routing);
    if (i >= TRIES || drift(live, release).length === 0) return live;
    await c.clock.sleep(100 * i, c.signal);
  }
};
