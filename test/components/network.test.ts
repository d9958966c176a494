import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { planNetwork } from '../../components/network.plan.ts';
import { Network } from '../../components/network.ts';
import { declared, find, outline, refersTo, scope, tags } from './declared.ts';

const range = (cidr: string): { from: number; to: number } => {
  const [address = '', prefix = '0'] = cidr.split('/');
  const from = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return { from, to: from + 2 ** (32 - Number(prefix)) - 1 };
};

const cidrs = fc
  .tuple(fc.integer({ min: 16, max: 24 }), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }))
  .map(([prefix, a, b]) => {
    const size = 2 ** (32 - prefix);
    const base = Math.floor((((10 * 256 + a) * 256 + b) * 256) / size) * size;
    return `${[24, 16, 8, 0].map((s) => Math.floor(base / 2 ** s) % 256).join('.')}/${prefix}`;
  });
const zoneCounts = fc.integer({ min: 1, max: 6 });
const nats = fc.constantFrom('none' as const, 'one' as const, 'perZone' as const);

it('subnets lie inside the network and never overlap', () => {
  fc.assert(
    fc.property(cidrs, zoneCounts, nats, (cidr, zones, natGateways) => {
      const whole = range(cidr);
      const ranges = planNetwork({ cidr, zones, natGateways }).subnets.map((s) => range(s.cidr));
      ranges.sort((a, b) => a.from - b.from);
      expect(ranges).toHaveLength(2 * zones);
      for (const [i, r] of ranges.entries()) {
        expect(r.from).toBeGreaterThan(ranges[i - 1]?.to ?? whole.from - 1);
        expect(r.to).toBeLessThanOrEqual(whole.to);
      }
    }),
  );
});

it('a zone more moves no subnet', () => {
  fc.assert(
    fc.property(cidrs, fc.integer({ min: 1, max: 5 }), nats, (cidr, zones, natGateways) => {
      const before = planNetwork({ cidr, zones, natGateways }).subnets;
      const after = planNetwork({ cidr, zones: zones + 1, natGateways }).subnets;
      expect(after).toEqual(expect.arrayContaining([...before]));
    }),
  );
});

it('every subnet has exactly one route table', () => {
  fc.assert(
    fc.property(cidrs, zoneCounts, nats, (cidr, zones, natGateways) => {
      const plan = planNetwork({ cidr, zones, natGateways });
      const routed = plan.routeTables.flatMap((t) => t.zones.map((zone) => `${t.kind} ${zone}`));
      expect(routed.toSorted()).toEqual(plan.subnets.map((s) => `${s.kind} ${s.zone}`).toSorted());
    }),
  );
});

it('what cannot be divided is refused, all problems at once', () => {
  expect(() => planNetwork({ cidr: '10.0.0.1/16', zones: 9, natGateways: 'none' })).toThrow(
    /network\.cidr[^]*10\.0\.0\.1\/16[^]*network\.zones[^]*got 9; allowed: 1 to 6/,
  );
});

it('a new network, with a way out in each zone', async () => {
  const list = await declared(
    () =>
      new Network('network', {
        scope,
        settings: { kind: 'new', cidr: '10.0.0.0/16', zones: 2, natGateways: 'perZone' },
      }),
  );
  expect(outline(list)).toEqual([
    'network (sluice:Network) < ',
    'network-gateway (aws:InternetGateway) < network',
    'network-nat-0 (aws:NatGateway) < network',
    'network-nat-0-address (aws:Eip) < network',
    'network-nat-1 (aws:NatGateway) < network',
    'network-nat-1-address (aws:Eip) < network',
    'network-private-0 (aws:Subnet) < network',
    'network-private-0-routes (aws:RouteTable) < network',
    'network-private-0-routes (aws:RouteTableAssociation) < network',
    'network-private-0-routes-out (aws:Route) < network',
    'network-private-1 (aws:Subnet) < network',
    'network-private-1-routes (aws:RouteTable) < network',
    'network-private-1-routes (aws:RouteTableAssociation) < network',
    'network-private-1-routes-out (aws:Route) < network',
    'network-public-0 (aws:Subnet) < network',
    'network-public-0-routes (aws:RouteTableAssociation) < network',
    'network-public-1 (aws:Subnet) < network',
    'network-public-1-routes (aws:RouteTableAssociation) < network',
    'network-public-routes (aws:RouteTable) < network',
    'network-public-routes-out (aws:Route) < network',
    'network-vpc (aws:Vpc) < network',
  ]);
  expect(find(list, 'network-vpc').inputs).toMatchObject({
    cidrBlock: '10.0.0.0/16',
    enableDnsHostnames: true,
    tags: tags({ Name: 'azora-test-vpc' }),
  });
  expect(find(list, 'network-private-1').inputs).toMatchObject({
    cidrBlock: '10.0.16.0/20',
    availabilityZone: 'eu-west-1b',
    mapPublicIpOnLaunch: false,
  });
  expect(find(list, 'network-nat-1').after).toContain('network-gateway');
  expect(refersTo(find(list, 'network-private-1-routes-out').inputs['natGatewayId'], 'network-nat-1')).toBe(
    true,
  );
  expect(refersTo(find(list, 'network-public-routes-out').inputs['gatewayId'], 'network-gateway')).toBe(true);
});

it('without NAT tasks run in the public subnets, and nothing leads out of the private ones', async () => {
  let network: Network | undefined;
  const list = await declared(() => {
    network = new Network('network', {
      scope,
      settings: { kind: 'new', cidr: '10.0.0.0/16', zones: 1, natGateways: 'none' },
    });
  });
  expect(network?.taskPublicIp).toBe(true);
  expect(list.filter((d) => d.type.endsWith(':Route')).map((d) => d.name)).toEqual([
    'network-public-routes-out',
  ]);
});

it('an existing network has no children', async () => {
  const list = await declared(
    () =>
      new Network('network', {
        scope,
        settings: {
          kind: 'existing',
          vpcId: 'vpc-1',
          publicSubnetIds: ['a', 'b'],
          privateSubnetIds: ['c', 'd'],
        },
      }),
  );
  expect(outline(list)).toEqual(['network (sluice:Network) < ']);
});
