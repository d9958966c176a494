import * as pulumi from '@pulumi/pulumi';
import type { DatabaseCommand } from '../../../components/database-command.ts';
import { PREVIEW_HEADER } from '../../../components/service-slot.ts';
import { liveSlot } from '../../../release/core/release.ts';
import { declareVerification, deploysItself, type CommandSurroundings } from '../../commands.ts';
import type { ServiceOfSlot } from './slots.ts';

/** Where no engine watches, the slot that gets the traffic is asked through its preview rule, before any rule changes. */
export const declareHealth = (
  around: CommandSurroundings,
  url: pulumi.Output<string>,
  services: readonly ServiceOfSlot[],
): DatabaseCommand | undefined => {
  const { release } = around;
  const live = liveSlot(release);
  const slot = live === undefined ? undefined : release.slots[live];
  const token = live === undefined ? undefined : around.tokens[live];
  if (!deploysItself(around) || slot === undefined || token === undefined) return undefined;
  const targets = pulumi.all([url, token]).apply(([address, value]) =>
    JSON.stringify(
      Object.entries(slot.services)
        .filter(([, s]) => s.kind === 'web')
        .map(([service, s]) => ({
          service,
          url: `${address}${s.health.publicPath}`,
          critical: s.critical,
          version: s.health.version ? slot.version : null,
          headers: { [PREVIEW_HEADER]: value },
        })),
    ),
  );
  return declareVerification(around, {
    slot,
    environment: { SLUICE_HEALTH_TARGETS: pulumi.secret(targets) },
    after: services.filter((s) => s.slot === live).map(({ made }) => made.service),
  });
};
