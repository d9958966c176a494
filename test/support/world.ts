import type { App, SlotName } from '../../config/types.ts';
import { gate } from '../../release/core/gate/gate.ts';
import type { Effect } from '../../release/core/engine/effects.ts';
import type { Request } from '../../release/core/engine/types.ts';
import { parseRecord } from '../../release/core/records/parse.ts';
import type { DeploymentRecord } from '../../release/core/records/schema.ts';
import { sharesOf } from '../../release/core/release.ts';
import {
  createOperator,
  runRelease,
  runResume,
  runRollback,
  type Hooks,
  type Outcome,
  type RunOptions,
} from '../../release/runner.ts';
import { testApp } from './world/app.ts';
import { Cloud, groupArn, ruleArn } from './world/cloud.ts';
import { TestClock } from './world/clock.ts';
import { MemoryObjects } from './world/objects.ts';
import { worldPorts, type Heard } from './world/ports.ts';

export { groupArn, ruleArn, testApp, TestClock, MemoryObjects };

/** A whole small world in memory, in which releases of an hour take milliseconds. */
export class World {
  readonly clock = new TestClock();
  readonly stores = {
    record: new MemoryObjects(),
    lease: new MemoryObjects(),
    backup: new MemoryObjects(),
    local: new MemoryObjects(),
  };
  readonly heard: Heard = { messages: [], logs: new Map(), built: new Set(), restored: [], undone: [] };
  readonly app: App;
  readonly cloud: Cloud;
  private count = 0;
  private tokens = 0;

  constructor(change: Partial<App> = {}, Made: typeof Cloud = Cloud) {
    this.app = testApp(change);
    this.cloud = new Made(this.app, this.clock, this.stores.record, this.stores.backup);
  }

  options(change: Partial<RunOptions> = {}): RunOptions {
    return {
      ports: worldPorts(this.cloud, this.clock, this.stores, this.heard),
      clock: this.clock,
      app: this.app,
      gate,
      holder: 'ada@laptop',
      pollMs: 10_000,
      token: () => `token-${(this.tokens += 1)}`,
      ...change,
    };
  }

  request(version: string, change: Partial<Request> = {}): Request {
    this.count += 1;
    return {
      application: 'azora',
      environment: 'production',
      deployment: `${1_700_000_100 + this.count}-${String(this.count).padStart(12, 'a')}`,
      version,
      commit: 'c'.repeat(40),
      ref: `refs/tags/${version}`,
      by: 'ada',
      reason: 'a release',
      where: 'laptop',
      ...change,
    };
  }

  /** The infrastructure without any release, then v1 with all the traffic. */
  async withV1(): Promise<this> {
    await this.cloud.up(undefined);
    const first = await this.deploy('v1.0.0');
    if (first.result !== 'success') throw new Error(`v1 did not go up: ${first.why}`);
    return this;
  }

  deploy(
    version: string,
    change: Partial<RunOptions> = {},
    request: Partial<Request> = {},
  ): Promise<Outcome> {
    return runRelease(this.options(change), this.request(version, request));
  }

  resume(
    deployment: string,
    how: 'continue' | 'revert' = 'continue',
    change: Partial<RunOptions> = {},
  ): Promise<Outcome> {
    return runResume(this.options(change), 'production', deployment, how);
  }

  rollback(
    rollback: Partial<NonNullable<Request['rollback']>> = {},
    change: Partial<RunOptions> = {},
  ): Promise<Outcome> {
    const wanted = { mode: 'standard' as const, override: false, restoreDatabase: false, ...rollback };
    const request = this.request('previous', { reason: 'service outage' });
    return runRollback(this.options(change), { ...request, rollback: wanted });
  }

  record(deployment: string): DeploymentRecord | undefined {
    const key = `records/production/${deployment}.json`;
    const found = this.stores.record.objects.get(key);
    return found === undefined ? undefined : parseRecord(found.body, key);
  }

  /** Versions with traffic, as the load balancer has them. */
  serving(): Record<string, number> {
    const result: Record<string, number> = {};
    for (const slot of ['blue', 'green'] as const) {
      const share = this.cloud.rules.get(ruleArn('api'))?.[groupArn('api', slot)] ?? 0;
      const version = this.cloud.running.get(slot)?.version;
      if (share > 0 && version !== undefined) result[version] = share;
    }
    return result;
  }

  /** Whether load balancer and stack outputs agree for every service. */
  agrees(): boolean {
    const release = this.cloud.outputs?.release;
    if (release === undefined) return false;
    const wanted = Object.entries(sharesOf(release));
    return (
      wanted.length === this.cloud.rules.size &&
      wanted.every(([service, shares]) =>
        Object.entries(shares).every(
          ([slot, share]) =>
            this.cloud.rules.get(ruleArn(service))?.[groupArn(service, slot as SlotName)] === share,
        ),
      )
    );
  }

  operator = createOperator;
}

/** What ends a runner like `kill -9`: nothing is written and nothing is let go. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/** Ends the runner before or after the n-th effect (from 0) of a run; `killed` is that effect's kind. */
export const killAt = (n: number, when: 'before' | 'after'): Hooks & { killed: string | undefined } => {
  const numbers = new Map<string, number>();
  const hooks: Hooks & { killed: string | undefined } = {
    killed: undefined,
    before: (effect) => {
      numbers.set(effect.id, numbers.size);
      if (when === 'before') end(effect);
    },
    after: (effect) => {
      if (when === 'after') end(effect);
    },
  };
  const end = (effect: Effect): void => {
    if (hooks.killed !== undefined || numbers.get(effect.id) !== n) return;
    hooks.killed = effect.kind;
    throw new Killed(`${when} ${effect.id}`);
  };
  return hooks;
};
