import type { HostFault } from '../../sandbox/cloud/hosts/host.ts';
import type { HostsWorld } from './hosts-world.ts';

/** A story of version 2 on hosts, and how it must end. */
export interface HostsScenario {
  readonly name: string;
  readonly title: string;
  readonly must: string;
  /** `success`: version 2 runs. `back`: version 2 had replaced version 1, which was taken up again. `refused`: nothing was touched. */
  readonly ends: 'success' | 'back' | 'refused';
  /** Words that the one message must have. */
  readonly says: RegExp;
  /** Fault of version 2's build. */
  readonly build?: string;
  /** What goes wrong on the machine before the update. */
  readonly machine?: HostFault;
  /** Laid over `sluice:app`. */
  readonly over?: (world: HostsWorld) => Readonly<Record<string, unknown>>;
  /** The connection is cut while the new version starts. */
  readonly cut?: true;
  /** Environment that the runner has instead of the right key. */
  readonly wrongKey?: true;
}

const machine = (world: HostsWorld, over: object): Readonly<Record<string, unknown>> => {
  const [name = ''] = Object.keys(world.machines);
  return { hosts: { machines: { [name]: over } } };
};

/** In an order in which they can be played one after the other: a failing migration must still be to come. */
export const HOSTS_SCENARIOS: readonly HostsScenario[] = [
  {
    name: 'healthy',
    title: 'version 2 is fine',
    must: 'version 2 runs; nobody was without an answer longer than it takes to start, plus a second',
    ends: 'success',
    says: /v2\.0\.0 runs/,
  },
  {
    name: 'bad-migration',
    title: 'a migration of version 2 fails',
    must: 'version 1 runs again, the migration named',
    ends: 'back',
    build: 'bad-migration',
    says: /migrations failed: .*0002_levels.*; v1\.0\.0 runs again/s,
  },
  {
    name: 'unhealthy',
    title: 'a service of version 2 never becomes healthy',
    must: 'version 1 runs again with its settings',
    ends: 'back',
    build: 'unhealthy',
    says: /backend: .*; v1\.0\.0 runs again/,
  },
  {
    name: 'smoke-fails',
    title: 'version 2 is healthy, and shows profiles to everybody',
    must: 'version 1 runs again, the smoke test named',
    ends: 'back',
    build: 'smoke-fails',
    says: /smoke tests failed: profile needs a login: answered 200, wanted 401; v1\.0\.0 runs again/,
  },
  {
    name: 'cut',
    title: 'the connection is cut while version 2 starts',
    must: 'the host goes back to version 1 by itself',
    ends: 'back',
    cut: true,
    says: /connection to deploy@127\.0\.0\.1:\d+ was lost/,
  },
  {
    name: 'no-image',
    title: 'an image of version 2 is not there any more when the host pulls it',
    must: 'version 1 was not touched',
    ends: 'refused',
    machine: { kind: 'brokenImage', image: '/worker@', why: 'manifest unknown: ghcr.io/the-bot/worker' },
    says: /images cannot be pulled: manifest unknown/,
  },
  {
    name: 'disk-full',
    title: 'the disk of the host is full',
    must: 'version 1 was not touched',
    ends: 'refused',
    machine: { kind: 'diskFull', freeMiB: 3 },
    says: /the disk is full: 3 MiB are free .*, 10 MiB are needed/,
  },
  {
    name: 'unknown-host',
    title: 'nobody knows the name of the host',
    must: 'version 1 was not touched',
    ends: 'refused',
    over: (world) => machine(world, { address: 'no-such-host.invalid' }),
    says: /no host is named no-such-host\.invalid/,
  },
  {
    name: 'other-host',
    title: 'the host shows another key than the one configured',
    must: 'nothing is said to it',
    ends: 'refused',
    over: (world) => machine(world, { hostKey: `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)}` }),
    says: /shows another key than the one configured/,
  },
  {
    name: 'wrong-key',
    title: 'the host refuses the key',
    must: 'version 1 was not touched',
    ends: 'refused',
    wrongKey: true,
    says: /the key was refused/,
  },
];
