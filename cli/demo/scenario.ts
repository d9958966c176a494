import { setTimeout as delay } from 'node:timers/promises';
import { refused } from '../../lib/errors.ts';
import type { View } from '../../release/core/engine/view.ts';
import type { Outcome } from '../../release/runner/types.ts';
import type { Scenario } from '../../sandbox/scenarios/scenarios.ts';
import { startTraffic, type Second, type Summary, type TrafficRun } from '../../sandbox/traffic/client.ts';
import type { Session } from '../session/open.ts';
import { findExample, type Example } from './example.ts';
import { approving, stagingOf } from './promotion.ts';
import { usersOf } from './users.ts';
import { openDemoWorld, release, type DemoWorld } from './world.ts';

export interface ScenarioOptions {
  readonly scenario: Scenario;
  /** Azora unless named. */
  readonly example?: Example;
  readonly stack: string;
  /** Working folder for records and logs. */
  readonly directory: string;
  readonly rate: number;
  readonly seed: number;
  readonly bakes: readonly string[];
  readonly onView?: (view: View) => void;
  readonly onNote?: (note: string) => void;
  readonly onSecond?: (second: Second) => void;
  /** Ctrl-C of a person; what it does follows from `onInterrupt`. */
  readonly signal?: AbortSignal;
  readonly onInterrupt?: () => Promise<'rollback' | 'leave'>;
}

/** How it ended, and the world as it was then, for whoever wants to look before it is taken down. */
export interface ScenarioEnd {
  readonly outcome: Outcome;
  readonly traffic: Summary;
  readonly world: DemoWorld;
  readonly session: Session;
  readonly first: Outcome;
  readonly tookMs: number;
}

/** Traffic before the release starts: what the gate knows of the stable version. */
const SETTLE_MS = 3_000;

/**
 * Plays one scenario: a cloud, version 1 in it, users' traffic, then the release of version 2 by the real engine.
 * `look` sees the end of it; afterwards everything is taken down, whatever happened.
 */
export const playScenario = async <T>(
  options: ScenarioOptions,
  look: (end: ScenarioEnd) => Promise<T>,
): Promise<T> => {
  const { scenario, stack, directory, bakes } = options;
  const example = options.example ?? (await findExample());
  const { from, to } = example;
  const note = options.onNote ?? (() => undefined);
  const startedAt = performance.now();
  note('starting the local cloud: load balancer, PostgreSQL, S3, registry');
  const world = await openDemoWorld(stack, directory, example);
  let traffic: TrafficRun | undefined;
  try {
    const before = await world.session(from, { bakes: ['1 second'] });
    const staging = await stagingOf(world, stack);
    note(`making the infrastructure and bringing ${from} in`);
    await staging?.bring(from, note);
    const first = await release(before, from, 'the first version', approving(before, note));
    if (first.result !== 'success') throw new Error(`${from} could not be brought in: ${first.why}`);
    const users = usersOf(example, before.config.app, (await before.outputs()).url, world.sandbox);
    note(`users: ${options.rate} requests/s at ${users.url}`);
    traffic = startTraffic({
      ...users,
      rate: options.rate,
      seed: options.seed,
      ...(options.onSecond === undefined ? {} : { onSecond: options.onSecond }),
    });
    await settle(to, options.signal);
    await plant(scenario, world);
    await staging?.bring(to, note, scenario.build);
    const session = await world.session(to, { bakes, fault: scenario.build, buildMs: 800 });
    const outcome = await releaseSecond(session, to, options);
    const summary = await traffic.stop();
    traffic = undefined;
    return await look({
      outcome,
      traffic: summary,
      world,
      session,
      first,
      tookMs: performance.now() - startedAt,
    });
  } finally {
    await traffic?.stop().catch(() => undefined);
    await world.close();
  }
};

/** Users are answered for a while before the release begins. Throws when a person ends the demo instead. */
const settle = async (to: string, signal: AbortSignal | undefined): Promise<void> => {
  await delay(SETTLE_MS, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  if (signal?.aborted === true)
    throw refused(
      `interrupted before the release of ${to} began: nothing was released, and the local cloud is gone`,
      'npm run demo',
    );
};

/** Sets the faults of the cloud that belong to the story. */
const plant = async ({ losesCounts, storage }: Scenario, { sandbox }: DemoWorld): Promise<void> => {
  if (losesCounts === true) {
    const { targetGroups } = await sandbox.status();
    const except = targetGroups.map((g) => g.arn);
    await sandbox.call('POST', '/faults', { kind: 'lostMetrics', targetGroup: '*', except });
  }
  for (const fault of storage ?? []) await sandbox.call('POST', '/s3/faults', fault);
};

const releaseSecond = async (session: Session, to: string, options: ScenarioOptions): Promise<Outcome> => {
  const { scenario, signal, onInterrupt } = options;
  const { operator, onView } = approving(session, options.onNote ?? (() => undefined));
  let pressed = false;
  const interrupt = (choice: 'rollback' | 'leave'): void => {
    operator.say({ command: 'interrupt', by: 'Ctrl-C', choice });
  };
  const onAbort = (): void => {
    void (onInterrupt?.() ?? Promise.resolve('rollback' as const)).then(interrupt);
  };
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await release(session, to, `the demo’s scenario ${scenario.name}`, {
      operator,
      onView: (view) => {
        options.onView?.(view);
        onView(view);
        if (scenario.interrupt === undefined || pressed || view.bakeLeft === undefined) return;
        pressed = true;
        // As a person would: a moment after the stage has begun.
        setTimeout(() => interrupt(scenario.interrupt ?? 'rollback'), 1_000).unref();
      },
    });
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
};
