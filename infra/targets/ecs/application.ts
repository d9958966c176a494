import * as pulumi from '@pulumi/pulumi';
import { Cluster } from '@pulumi/aws/ecs/cluster.js';
import { Buckets } from '../../../components/buckets.ts';
import { LoadBalancer } from '../../../components/load-balancer.ts';
import { Logs } from '../../../components/logs.ts';
import { cloudName, LIMITS, tagsOf, type Scope } from '../../../components/names.ts';
import { planMaintenance } from '../../../components/maintenance.plan.ts';
import { Maintenance } from '../../../components/maintenance.ts';
import { Network } from '../../../components/network.ts';
import { planRouting } from '../../../components/routing.plan.ts';
import { Routing } from '../../../components/routing.ts';
import type { Release } from '../../../config/release.types.ts';
import type { SlotName } from '../../../config/types.ts';
import { sharesOf, slotNames } from '../../../release/core/release.ts';
import { declareBackup, declareMigration, type CommandSurroundings } from '../../commands.ts';
import { declareHealth } from './health.ts';
import type { Positions } from '../../../components/priorities.plan.ts';
import { migratesBeforeStart } from '../../../components/database-command.plan.ts';
import { declareSmoke } from '../../finish.ts';
import { PREVIEW_HEADER } from '../../../components/service-slot.ts';
import type { DatabaseSecrets } from '../../database-secrets.ts';
import type { Declared } from '../target.ts';
import { taskPlace } from './task-place.ts';
import { doneWith, routingOf } from './outputs.ts';
import { declareSlot, type Ground, type ServiceOfSlot } from './slots.ts';
import { publicUrl } from './public-url.ts';
import type { Settings } from '../../settings.ts';

export interface ApplicationArgs {
  readonly settings: Settings;
  readonly release: Release;
  /** Listener positions of the last update. */
  readonly positions: Positions;
  /** Preview token of each slot. Secret. */
  readonly tokens: Partial<Record<SlotName, pulumi.Output<string>>>;
  readonly databaseSecrets: DatabaseSecrets;
}

/** What lives longer than any release. */
const declareGround = ({ settings, release }: ApplicationArgs): Ground => {
  const { app } = settings;
  const scope: Scope = { application: app.application, environment: app.environment };
  const network = new Network('network', { scope, settings: app.network });
  const balancer = new LoadBalancer('balancer', { scope, settings: app.loadBalancer, url: app.url, network });
  const buckets = new Buckets('buckets', { scope, settings: app.buckets, keepDaily: app.backups.keep });
  const clusterArn =
    app.cluster.existing ??
    new Cluster('cluster', {
      name: cloudName(LIMITS.cluster, scope.application, scope.environment),
      settings: [{ name: 'containerInsights', value: 'enabled' }],
      tags: tagsOf(scope),
    }).arn;
  const inSlots = slotNames(release).flatMap((s) => Object.keys(release.slots[s]?.services ?? {}));
  const services = [...new Set([...Object.keys(app.services), ...inSlots])].sort();
  return { scope, network, balancer, buckets, clusterArn, logs: new Logs('logs', { scope, services }) };
};

/** Declares staging or production: what is in the configuration and in the release, and nothing else. */
export const declareApplication = async (args: ApplicationArgs): Promise<Declared> => {
  const { settings, release } = args;
  const { app } = settings;
  const plan = planRouting({
    slots: { ...pick(release, 'blue'), ...pick(release, 'green') },
    shares: sharesOf(release),
    remembered: args.positions,
    closed: release.maintenance !== undefined,
    maxRules: app.loadBalancer.maxRules,
  });
  const ground = declareGround(args);
  const url = publicUrl(app, ground.balancer);
  const around: CommandSurroundings = {
    ...args,
    buckets: ground.buckets,
    place: {},
  };
  const backup = declareBackup(around);
  const early = migratesBeforeStart(app.database) ? declareMigration(around, backup, []) : undefined;
  const services: ServiceOfSlot[] = [];
  for (const slot of slotNames(release))
    services.push(...(await declareSlot(slot, args, ground, plan, early)));
  const fresh = services.filter(({ slot }) => release.slots[slot]?.deployment === release.schema?.deployment);
  const place = taskPlace({ app, clusterArn: ground.clusterArn, network: ground.network, fresh });
  const late = migratesBeforeStart(app.database)
    ? undefined
    : declareMigration(
        { ...around, place },
        backup,
        fresh.map(({ made }) => made.service),
      );
  const verification = declareHealth(around, url, services);
  const smoke = declareSmoke(
    around,
    { url, header: PREVIEW_HEADER },
    verification === undefined ? [] : [verification.command],
  );
  const commands = [backup, early, late, verification, smoke].filter((c) => c !== undefined);
  const groups = new Map(services.map(({ slot, name, made }) => [`${slot} ${name}`, made.targetGroup]));
  const routing = new Routing('routing', {
    scope: ground.scope,
    listenerArn: ground.balancer.listenerArn,
    rules: plan.rules,
    targetGroupArn: (slot, service) => {
      const group = groups.get(`${slot} ${service}`);
      if (group === undefined) throw new Error(`${service} has no target group in ${slot}`);
      return group.arn;
    },
    after: [...services.map(({ made }) => made.service), ...commands.map((c) => c.command)],
  });
  const { balancer, buckets, clusterArn } = ground;
  const closed =
    release.maintenance === undefined
      ? undefined
      : new Maintenance('maintenance', {
          scope: ground.scope,
          listenerArn: balancer.listenerArn,
          planned: planMaintenance({
            settings: app.maintenance,
            url: app.url,
            shared: app.loadBalancer.kind === 'existing',
          }),
        });
  const made = { listenerArn: balancer.listenerArn, services, routing, commands, closed };
  return {
    url,
    buckets,
    routing: routingOf(made),
    done: doneWith(made),
    more: { positions: plan.positions, cluster: pulumi.output(clusterArn) },
  };
};

const pick = (release: Release, slot: SlotName) => {
  const frozen = release.slots[slot];
  return frozen === undefined ? {} : { [slot]: frozen.services };
};
