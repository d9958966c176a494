import { readFileSync } from 'node:fs';
import * as pulumi from '@pulumi/pulumi';
import { Buckets } from '../../../components/buckets.ts';
import { HostsMachine } from '../../../components/hosts-machine.ts';
import { planMachine } from '../../../components/hosts-machine.plan.ts';
import type { Host, HostsApp } from '../../../config/hosts/types.ts';
import type { Release } from '../../../config/release.types.ts';
import { badInput } from '../../../lib/errors.ts';
import { liveSlot } from '../../../release/core/release.ts';
import type { RoutingOutput } from '../../../release/ports/stack.ts';
import type { DeclareArgs, Declared } from '../target.ts';

/** What the engine calls the way of users to a service, and a slot's copy of it. */
export const ruleOf = (service: string): string => `hosts/${service}`;
export const groupOf = (service: string, slot: string): string => `hosts/${service}/${slot}`;

/** The keys of all machines, by name. They come from the environment of whoever runs this, never from configuration. */
const keysOf = (machines: Readonly<Record<string, Host>>): Record<string, string> => {
  const keys = Object.fromEntries(
    Object.entries(machines).map(([name, { key }]) => [name, process.env[key] ?? '']),
  );
  const missing = [
    ...new Set(
      Object.entries(machines)
        .filter(([name]) => keys[name] === '')
        .map(([, { key }]) => key),
    ),
  ];
  if (missing.length > 0)
    throw badInput(
      'the private keys of the hosts are not in the environment',
      missing.map((key) => ({ path: key, reason: 'is not set', allowed: 'a private key in OpenSSH format' })),
      `export ${missing[0] ?? ''}="$(cat ~/.ssh/id_ed25519)"`,
    );
  return keys;
};

const routingOf = (release: Release): RoutingOutput => {
  const live = liveSlot(release);
  const frozen = live === undefined ? undefined : release.slots[live];
  const web = Object.entries(frozen?.services ?? {}).filter(([, s]) => s.kind === 'web');
  return {
    services: Object.fromEntries(
      web.map(([name]) => [
        name,
        { rule: ruleOf(name), targetGroups: live === undefined ? {} : { [live]: groupOf(name, live) } },
      ]),
    ),
  };
};

/** Declares an application on hosts: its buckets, and on every machine, one after the other, the live slot. */
export const declareHosts = (app: HostsApp, { settings, release }: DeclareArgs): Declared => {
  const scope = { application: app.application, environment: app.environment };
  const buckets = new Buckets('buckets', {
    scope,
    settings: settings.app.buckets,
    keepDaily: settings.app.backups.keep,
  });
  const live = liveSlot(release);
  const slot = live === undefined ? undefined : release.slots[live];
  const script = readFileSync(new URL('host.sh', import.meta.url), 'utf8');
  const machines: HostsMachine[] = [];
  if (slot !== undefined) {
    const keys = keysOf(app.target.machines);
    const planned = planMachine({ app, slot, script });
    for (const [name, host] of Object.entries(app.target.machines))
      machines.push(
        new HostsMachine(name, {
          host,
          privateKey: keys[name] ?? '',
          planned,
          after: machines.slice(-1).map((m) => m.deployed),
        }),
      );
  }
  return {
    url: pulumi.output(app.url),
    buckets,
    routing: pulumi.output(routingOf(release)),
    done: pulumi.all(machines.map(({ deployed }) => deployed.id)),
    more: {},
  };
};
