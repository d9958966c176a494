import type { Release } from '../../../config/release.types.ts';
import type { SlotName } from '../../../config/types.ts';
import { refused } from '../../../lib/errors.ts';
import { equal, sharesOf, slotNames } from '../../../release/core/release.ts';
import { resolveRelease } from '../../../release/core/resolve.ts';
import {
  UpdateFailed,
  type RoutingOutput,
  type StackOutputs,
  type UpdateResult,
} from '../../../release/ports/stack.ts';
import type { Rule, Weights } from '../../../release/ports/traffic.ts';
import type { App } from '../../../config/types.ts';
import type { TestClock } from './clock.ts';
import type { MemoryObjects } from './objects.ts';

/** What a version does once it runs. */
export interface Behaviour {
  readonly healthy?: boolean;
  /** The version that its health answer names. */
  readonly answers?: string;
  readonly errorRate?: number;
  readonly slowRate?: number;
  readonly smoke?: boolean;
  /** Its counts never reach the metric source. */
  readonly silent?: boolean;
}

export const ruleArn = (service: string): string => `arn:rule/${service}`;
export const groupArn = (service: string, slot: SlotName): string => `arn:group/${service}/${slot}`;

/**
 * Load balancer, slots and stack in memory, with the program's own rules (compare and set, live weights). It also
 * keeps watch: what must never happen is written down in `broken`, whoever did it.
 */
export class Cloud {
  outputs: StackOutputs | undefined;
  readonly rules = new Map<string, Weights>();
  readonly history: Release[] = [];
  /** Slots by deployment that passed every probe. */
  readonly passed = new Set<string>();
  /** Weights as they were at every change, per service. */
  readonly trace: { at: number; service: string; weights: Weights; by: string }[] = [];
  readonly broken: string[] = [];
  readonly behaviours = new Map<string, Behaviour>();
  /** Fails an update after half of its rules were set, or before anything. */
  updateFault: ((release: Release) => 'half' | 'before' | undefined) | undefined;
  /** Update that never ends by itself. */
  hangs: ((release: Release) => boolean) | undefined;
  updates = 0;
  /** How long an update goes on after the rules were set. */
  slowEnd = 1000;
  running = new Map<string, Release['slots'][SlotName]>();
  private writers = 0;

  protected readonly app: App;
  protected readonly clock: TestClock;
  protected readonly record: MemoryObjects;
  private readonly backup: MemoryObjects;

  constructor(app: App, clock: TestClock, record: MemoryObjects, backup: MemoryObjects) {
    this.app = app;
    this.clock = clock;
    this.record = record;
    this.backup = backup;
  }

  async up(wanted: Release | undefined, signal?: AbortSignal): Promise<UpdateResult> {
    this.writers += 1;
    if (this.writers > 1) this.broken.push('two updates at once');
    try {
      return await this.apply(wanted, signal);
    } finally {
      this.writers -= 1;
    }
  }

  protected async apply(wanted: Release | undefined, signal: AbortSignal | undefined): Promise<UpdateResult> {
    const last = this.outputs?.release;
    const { release } = resolveRelease({
      stack: 'production',
      app: this.app,
      last: last === undefined ? { kind: 'none' } : { kind: 'release', release: last },
      configured: wanted,
      live: undefined,
      version: undefined,
      wanted: undefined,
      deployment: wanted?.deployment ?? '1700000000-000000000000',
    });
    this.updates += 1;
    if (wanted !== undefined && this.hangs?.(release) === true) await this.hang(release, signal);
    await this.clock.sleep(2000, signal);
    const fault = this.updateFault?.(release);
    if (fault === 'before') throw new UpdateFailed('1 resource failed', [], [{ urn: 'urn:x', reason: 'no' }]);
    await this.commands(release, last);
    for (const name of slotNames(release)) this.running.set(name, release.slots[name]);
    this.setRules(release, fault === 'half');
    if (fault === 'half')
      throw new UpdateFailed(
        '1 of 2 rules failed',
        ['urn:rule:api'],
        [{ urn: 'urn:rule:auth', reason: 'throttled' }],
      );
    for (const name of ['blue', 'green'])
      if (release.slots[name as SlotName] === undefined) this.running.delete(name);
    await this.clock.sleep(this.slowEnd, signal);
    this.outputs = this.outputsOf(release);
    if (!equal(last, release)) this.history.push(release);
    await this.record.put(`releases/production/${release.serial}.json`, JSON.stringify(release));
    return { outputs: this.outputs, changes: { update: 1 }, durationMs: 3000 };
  }

  /** Told to stop, an update ends what it has begun: rules may still move until it is over. */
  private async hang(release: Release, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.clock.sleep(86_400_000, signal);
    } catch (error) {
      await this.clock.sleep(5000);
      for (const name of slotNames(release)) this.running.set(name, release.slots[name]);
      this.setRules(release, true);
      throw error;
    }
  }

  /** The database commands: they end at once when their work is done already. */
  protected async commands(release: Release, last: Release | undefined): Promise<void> {
    const { backup, schema } = release;
    if (backup !== undefined && backup !== last?.backup) {
      if (this.behaviours.get('backup')?.healthy === false)
        throw new UpdateFailed(
          'backup failed',
          [],
          [{ urn: 'urn:backup', reason: 'the restored copy differs in table users: 10 rows, 9 restored' }],
        );
      const key = `production/backup-${backup}.json`;
      const metadata = {
        deployment: backup,
        location: `s3://b/production/backup-${backup}.sql.gz`,
        sha256: 'ab',
        verified: this.behaviours.get('backup')?.silent !== true,
      };
      if ((await this.backup.get(key)) === undefined) await this.backup.put(key, JSON.stringify(metadata));
    }
    if (schema !== undefined && schema.deployment !== last?.schema?.deployment) {
      if (this.behaviours.get('migration')?.healthy === false)
        throw new UpdateFailed(
          'migration failed',
          [],
          [{ urn: 'urn:migrate', reason: 'statement 2 of 002_roles.sql: relation "rolez" does not exist' }],
        );
      const key = `markers/production/${schema.deployment}/migrate.json`;
      await this.record.put(key, JSON.stringify({ applied: ['002_roles.sql'] }));
    }
  }

  private setRules(release: Release, half: boolean): void {
    const wanted = sharesOf(release);
    const names = Object.keys(wanted);
    const some = half ? names.slice(0, 1) : names;
    for (const service of some) {
      const weights: Record<string, number> = {};
      for (const [slot, share] of Object.entries(wanted[service] ?? {}))
        weights[groupArn(service, slot as SlotName)] = share;
      this.setRule(service, weights, 'update');
    }
    if (half) return;
    for (const arn of this.rules.keys()) if (!names.some((n) => ruleArn(n) === arn)) this.rules.delete(arn);
  }

  protected setRule(service: string, weights: Weights, by: string): void {
    const before = this.rules.get(ruleArn(service));
    if (before !== undefined && equal(before, weights)) return;
    this.rules.set(ruleArn(service), weights);
    this.trace.push({ at: this.clock.now(), service, weights, by });
    if (by === 'hand') return;
    const sum = Object.values(weights).reduce((a, b) => a + b, 0);
    if (sum !== 100) this.broken.push(`${service}: weights sum to ${sum}`);
    for (const slot of ['blue', 'green'] as const) {
      const share = weights[groupArn(service, slot)] ?? 0;
      const deployment = this.running.get(slot)?.deployment;
      if (share > 0 && (deployment === undefined || !this.passed.has(deployment)))
        this.broken.push(`${service}: ${share} % to ${slot}, which did not pass its probes`);
    }
  }

  write(rules: readonly Rule[], by = 'direct'): void {
    for (const rule of rules) this.setRule(rule.arn.replace('arn:rule/', ''), rule.weights, by);
  }

  weightsAt(service: string, at: number): Weights {
    return this.trace.findLast((t) => t.service === service && t.at <= at)?.weights ?? {};
  }

  /** Somebody moves traffic behind the stack's back. */
  byHand(shares: { blue: number; green: number }): void {
    for (const arn of this.rules.keys()) {
      const service = arn.replace('arn:rule/', '');
      this.write(
        [
          {
            arn,
            weights: { [groupArn(service, 'blue')]: shares.blue, [groupArn(service, 'green')]: shares.green },
          },
        ],
        'hand',
      );
    }
  }

  read(arns: readonly string[]): Rule[] {
    return arns.map((arn) => {
      const weights = this.rules.get(arn);
      if (weights === undefined) throw refused(`rule ${arn} does not exist`);
      return { arn, weights };
    });
  }

  behaviour(version: string): Behaviour {
    return this.behaviours.get(version) ?? {};
  }

  private outputsOf(release: Release): StackOutputs {
    const services: Record<string, RoutingOutput['services'][string]> = {};
    for (const slot of slotNames(release)) {
      for (const [name, s] of Object.entries(release.slots[slot]?.services ?? {})) {
        if (s.kind !== 'web') continue;
        services[name] = {
          ...(this.rules.has(ruleArn(name)) ? { rule: ruleArn(name) } : {}),
          targetGroups: { ...services[name]?.targetGroups, [slot]: groupArn(name, slot) },
        };
      }
    }
    return {
      release,
      url: 'http://world',
      routing: { listenerArn: 'arn:listener', services, previewHeader: 'x-preview' },
      buckets: { backup: 'b', record: 'r', lease: 'l' },
    };
  }
}
