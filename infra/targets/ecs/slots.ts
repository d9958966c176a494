import type * as pulumi from '@pulumi/pulumi';
import type { Buckets } from '../../../components/buckets.ts';
import type { DatabaseCommand } from '../../../components/database-command.ts';
import type { LoadBalancer } from '../../../components/load-balancer.ts';
import type { Logs } from '../../../components/logs.ts';
import type { Scope } from '../../../components/names.ts';
import type { Network } from '../../../components/network.ts';
import type { RoutingPlan } from '../../../components/routing.plan.ts';
import { ServiceSlot } from '../../../components/service-slot.ts';
import { Slot } from '../../../components/slot.ts';
import type { Release } from '../../../config/release.types.ts';
import type { SlotName } from '../../../config/types.ts';
import { liveSlot } from '../../../release/core/release.ts';
import type { Settings } from '../../settings.ts';
import { nextTurn } from '../../turns.ts';

export interface ServiceOfSlot {
  readonly slot: SlotName;
  readonly name: string;
  readonly made: ServiceSlot;
}

/** What lives longer than any release. */
export interface Ground {
  readonly scope: Scope;
  readonly network: Network;
  readonly balancer: LoadBalancer;
  readonly buckets: Buckets;
  readonly clusterArn: pulumi.Input<string>;
  readonly logs: Logs;
}

export interface SlotArgs {
  readonly settings: Settings;
  readonly release: Release;
  /** Preview token of each slot. Secret. */
  readonly tokens: Partial<Record<SlotName, pulumi.Output<string>>>;
}

/** Every service of one slot, as it was frozen. */
export const declareSlot = async (
  slot: SlotName,
  args: SlotArgs,
  ground: Ground,
  plan: RoutingPlan,
  migration: DatabaseCommand | undefined,
): Promise<ServiceOfSlot[]> => {
  const { settings, release } = args;
  const frozen = release.slots[slot];
  const token = args.tokens[slot];
  if (frozen === undefined || token === undefined) return [];
  const shared = new Slot(slot, { ...ground, slot });
  // Only the slot that the migration was made for waits for it: the live one runs already.
  const waits = migration !== undefined && frozen.deployment === release.schema?.deployment;
  const services: ServiceOfSlot[] = [];
  for (const [name, definition] of Object.entries(frozen.services)) {
    await nextTurn();
    const logGroup = ground.logs.groups[name];
    if (logGroup === undefined) throw new Error(`service ${name} has no log group`);
    const made = new ServiceSlot(`${slot}-${name}`, {
      ...ground,
      slot,
      service: name,
      version: frozen.version,
      deployment: frozen.deployment,
      definition,
      health: settings.app.health,
      deployTimeout: settings.app.timeouts.deploy,
      // Workers and schedulers move with the switch: two versions of them at once would do things twice.
      workersRun: liveSlot(release) === slot,
      region: settings.region,
      shared,
      logGroup,
      permissionsBoundary: settings.app.cluster.permissionsBoundary,
      preview: { token, priority: plan.previewPriority(slot, name) },
      after: waits ? [migration.command] : [],
    });
    services.push({ slot, name, made });
  }
  return services;
};
