import { badInput, type Problem } from '../lib/errors.ts';

/** AWS has at most six zones in a region; the layout keeps room for eight, so that adding one moves no subnet. */
const BLOCKS = 16;
const PRIVATE_BLOCKS = 8;
const MAX_ZONES = 6;

export interface PlannedSubnet {
  readonly kind: 'public' | 'private';
  readonly zone: number;
  readonly cidr: string;
}

export interface PlannedRouteTable {
  readonly kind: 'public' | 'private';
  /** Subnets by their zones. */
  readonly zones: readonly number[];
  /** Zone of the NAT gateway that the default route leads to; undefined: no default route (or the internet gateway). */
  readonly nat: number | undefined;
  readonly role: string;
}

export interface NetworkPlan {
  readonly cidr: string;
  readonly subnets: readonly PlannedSubnet[];
  /** Zones that have a NAT gateway. */
  readonly nats: readonly number[];
  readonly routeTables: readonly PlannedRouteTable[];
}

export interface NetworkPlanArgs {
  /** IPv4 range of the network, /16 to /24. */
  readonly cidr: string;
  /** 1 to 6. */
  readonly zones: number;
  readonly natGateways: 'none' | 'one' | 'perZone';
}

interface Range {
  readonly base: number;
  readonly prefix: number;
}

const parseCidr = (cidr: string): Range | undefined => {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  if (match === null) return undefined;
  const numbers = match.slice(1).map(Number);
  const prefix = numbers[4] ?? 0;
  const octets = numbers.slice(0, 4);
  if (prefix > 32 || octets.some((o) => o > 255)) return undefined;
  const base = octets.reduce((sum, o) => sum * 256 + o, 0);
  return base % 2 ** (32 - prefix) === 0 ? { base, prefix } : undefined;
};

const formatCidr = (base: number, prefix: number): string =>
  `${[24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join('.')}/${prefix}`;

const check = ({ cidr, zones }: NetworkPlanArgs): Range => {
  const problems: Problem[] = [];
  const range = parseCidr(cidr);
  if (range === undefined || range.prefix < 16 || range.prefix > 24)
    problems.push({
      path: 'network.cidr',
      reason: 'no network range that can be divided',
      got: cidr,
      allowed: 'an aligned IPv4 range from /16 to /24, e.g. 10.0.0.0/16',
    });
  if (!Number.isInteger(zones) || zones < 1 || zones > MAX_ZONES)
    problems.push({
      path: 'network.zones',
      reason: 'no number of zones',
      got: String(zones),
      allowed: `1 to ${MAX_ZONES}`,
    });
  if (problems.length > 0 || range === undefined) throw badInput('the network cannot be laid out', problems);
  return range;
};

/**
 * Sixteen equal blocks: the private subnet of zone i is block i, the public one block 8 + i. A zone's subnets
 * stay where they are whatever is added or removed beside them.
 */
export const planNetwork = (args: NetworkPlanArgs): NetworkPlan => {
  const { base, prefix } = check(args);
  const size = 2 ** (32 - prefix) / BLOCKS;
  const zones = Array.from({ length: args.zones }, (_, zone) => zone);
  const subnet = (kind: 'public' | 'private', zone: number): PlannedSubnet => ({
    kind,
    zone,
    cidr: formatCidr(base + size * (kind === 'private' ? zone : PRIVATE_BLOCKS + zone), prefix + 4),
  });
  const nats = args.natGateways === 'perZone' ? zones : args.natGateways === 'one' ? [0] : [];
  const privateTables: PlannedRouteTable[] =
    args.natGateways === 'perZone'
      ? zones.map((zone) => ({ kind: 'private', zones: [zone], nat: zone, role: `private-${zone}` }))
      : [{ kind: 'private', zones, nat: nats[0], role: 'private' }];
  return {
    cidr: args.cidr,
    subnets: zones.flatMap((zone) => [subnet('public', zone), subnet('private', zone)]),
    nats,
    routeTables: [{ kind: 'public', zones, nat: undefined, role: 'public' }, ...privateTables],
  };
};
