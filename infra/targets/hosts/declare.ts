import { readFileSync } from 'node:fs';
import * as pulumi from '@pulumi/pulumi';
import { Buckets } from '../../../components/buckets.ts';
import { Command } from '@pulumi/command/remote/command.js';
import { connectionOf, HostsMachine } from '../../../components/hosts-machine.ts';
import { doorCommand, planMachine } from '../../../components/hosts-machine.plan.ts';
import { groupOf, HOST_PREVIEW_HEADER, ruleOf } from '../../../config/hosts/proxy.ts';
import type { Host, HostsApp } from '../../../config/hosts/types.ts';
import type { Release } from '../../../config/release.types.ts';
import { badInput } from '../../../lib/errors.ts';
import { canonical, liveOf, liveSlot, sharesOf, slotNames } from '../../../release/core/release.ts';
import type { RoutingOutput } from '../../../release/ports/stack.ts';
import type { DeclareArgs, Declared } from '../target.ts';
import { declareTwoSlots } from './two-slots.ts';

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

/** In place there is no way to a slot but the users' own; with two slots a header leads to each. */
const routingOf = (app: HostsApp, release: Release): RoutingOutput => {
  const slots = slotNames(release);
  const web = new Set(
    slots.flatMap((slot) =>
      Object.entries(release.slots[slot]?.services ?? {}).flatMap(([name, s]) =>
        s.kind === 'web' ? [name] : [],
      ),
    ),
  );
  const shares = sharesOf(release);
  const services = [...web].map((name) => {
    const having = slots.filter((slot) => release.slots[slot]?.services[name] !== undefined);
    const targetGroups = Object.fromEntries(having.map((slot) => [slot, groupOf(name, slot)]));
    return [name, { ...(shares[name] === undefined ? {} : { rule: ruleOf(name) }), targetGroups }] as const;
  });
  return {
    services: Object.fromEntries(services),
    ...(app.strategy === 'rolling' ? {} : { previewHeader: HOST_PREVIEW_HEADER }),
  };
};

const declareSlots = (
  app: HostsApp,
  release: Release,
  script: string,
  tokens: DeclareArgs['tokens'],
): readonly pulumi.CustomResource[] => {
  const keys = keysOf(app.target.machines);
  if (app.strategy !== 'rolling') return declareTwoSlots({ app, release, script, keys, tokens });
  const slot = liveOf(release);
  if (slot === undefined) return [];
  const planned = planMachine({ app, slot, script });
  const machines: HostsMachine[] = [];
  const { proxy, path } = app.target;
  for (const [name, host] of Object.entries(app.target.machines)) {
    const after = machines.slice(-1).map((m) => m.deployed);
    machines.push(new HostsMachine(name, { host, privateKey: keys[name] ?? '', planned, after }));
  }
  const deployed = machines.map((m) => m.deployed);
  if (release.maintenance === undefined || proxy === undefined) return deployed;
  const doors = Object.entries(app.target.machines).map(
    ([name, host]) =>
      new Command(
        `${name}-closed`,
        {
          connection: connectionOf(host, keys[name] ?? ''),
          create: doorCommand('close', path, proxy),
          delete: doorCommand('open', path, proxy),
          logging: 'stdout',
        },
        { dependsOn: [...deployed] },
      ),
  );
  return [...deployed, ...doors];
};

/** Declares an application on hosts: its buckets, and on every machine, one after the other, the live slot. */
export const declareHosts = (app: HostsApp, { settings, release: given, tokens }: DeclareArgs): Declared => {
  // A release that was carried on has its keys in another order; the files on a host must not change for that.
  const release = JSON.parse(canonical(given)) as Release;
  const scope = { application: app.application, environment: app.environment };
  const buckets = new Buckets('buckets', {
    scope,
    settings: settings.app.buckets,
    keepDaily: settings.app.backups.keep,
  });
  const script = readFileSync(new URL('host.sh', import.meta.url), 'utf8');
  const made =
    liveSlot(release) === undefined && slotNames(release).length === 0
      ? []
      : declareSlots(app, release, script, tokens);
  return {
    url: pulumi.output(app.url),
    buckets,
    routing: pulumi.output(routingOf(app, release)),
    done: pulumi.all(made.map(({ id }) => id)),
    more: {},
  };
};
