import * as pulumi from '@pulumi/pulumi';
import { Command } from '@pulumi/command/remote/command.js';
import { connectionOf } from '../../../components/hosts-machine.ts';
import { HostsSlot } from '../../../components/hosts-slot.ts';
import { planHostsSlot, proxyCommand } from '../../../components/hosts-slot.plan.ts';
import { proxyFile } from '../../../config/hosts/proxy.ts';
import type { HostsApp } from '../../../config/hosts/types.ts';
import type { Release } from '../../../config/release.types.ts';
import type { SlotName } from '../../../config/types.ts';
import { liveSlot, slotNames } from '../../../release/core/release.ts';

export interface TwoSlotsArgs {
  readonly app: HostsApp;
  readonly release: Release;
  readonly script: string;
  /** Private keys by machine. */
  readonly keys: Readonly<Record<string, string>>;
  readonly tokens: Partial<Record<SlotName, pulumi.Output<string>>>;
}

/**
 * Both slots on every machine, and the machine's web server that shares the traffic out. Machines have no order: each
 * holds both versions, and its web server moves when all slots are up.
 */
export const declareTwoSlots = ({ app, release, script, keys, tokens }: TwoSlotsArgs): readonly Command[] => {
  const live = liveSlot(release);
  const machines = Object.entries(app.target.machines);
  const slots = machines.flatMap(([machine, host]) =>
    slotNames(release).flatMap((slot) => {
      const frozen = release.slots[slot];
      if (frozen === undefined) return [];
      const planned = planHostsSlot({ app, slot, frozen, script });
      const { deployment } = frozen;
      const privateKey = keys[machine] ?? '';
      return [new HostsSlot(`${machine}-${slot}`, { host, privateKey, planned, deployment, after: [] })];
    }),
  );
  const [only] = slotNames(release);
  const closed = release.maintenance !== undefined;
  const file = pulumi
    .output(tokens as Record<string, pulumi.Output<string>>)
    .apply((known) =>
      proxyFile(app, { slots: release.slots, traffic: release.traffic, tokens: known, closed }),
    );
  const proxies = machines.map(
    ([machine, host]) =>
      new Command(
        `${machine}-proxy`,
        {
          connection: connectionOf(host, keys[machine] ?? ''),
          create: proxyCommand(app, live ?? only ?? 'blue'),
          // Its tokens open slots without traffic.
          stdin: pulumi.secret(file),
          logging: 'stdout',
        },
        { dependsOn: slots.map(({ up }) => up) },
      ),
  );
  return [...slots.map(({ up }) => up), ...proxies];
};
