import { expect, it } from 'vitest';
import { LoadBalancer } from '../../components/load-balancer.ts';
import { planLoadBalancer } from '../../components/load-balancer.plan.ts';
import { Network } from '../../components/network.ts';
import type { LoadBalancer as Settings } from '../../config/types.ts';
import { declared, find, outline, refersTo, scope } from './declared.ts';

const existingNetwork = () =>
  new Network('network', {
    scope,
    settings: {
      kind: 'existing',
      vpcId: 'vpc-1',
      publicSubnetIds: ['p1', 'p2'],
      privateSubnetIds: ['q1', 'q2'],
    },
  });

const settings: Extract<Settings, { kind: 'new' }> = {
  kind: 'new',
  certificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/1',
  zoneId: undefined,
  internal: false,
  maxRules: 100,
  allowedCidrs: ['0.0.0.0/0'],
};

const make = (changed: Settings) => () =>
  new LoadBalancer('balancer', {
    scope,
    settings: changed,
    url: 'https://azora.world',
    network: existingNetwork(),
  });

it('a new load balancer serves HTTPS alone', async () => {
  const list = await declared(make(settings));
  expect(outline(list).filter((line) => line.includes('balancer'))).toEqual([
    'balancer (sluice:LoadBalancer) < ',
    'balancer-alb (aws:LoadBalancer) < balancer',
    'balancer-group (aws:SecurityGroup) < balancer',
    'balancer-http (aws:Listener) < balancer',
    'balancer-https (aws:Listener) < balancer',
    'balancer-in-443-0-0-0-0-0 (aws:SecurityGroupIngressRule) < balancer',
    'balancer-in-80-0-0-0-0-0 (aws:SecurityGroupIngressRule) < balancer',
    'balancer-out (aws:SecurityGroupEgressRule) < balancer',
  ]);
  expect(find(list, 'balancer-alb').inputs).toMatchObject({
    name: 'azora-test',
    internal: false,
    subnets: ['p1', 'p2'],
    dropInvalidHeaderFields: true,
  });
  expect(find(list, 'balancer-https').inputs).toMatchObject({
    port: 443,
    protocol: 'HTTPS',
    sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
    certificateArn: settings.certificateArn,
    defaultActions: [{ type: 'fixed-response', fixedResponse: { statusCode: '404' } }],
  });
  expect(find(list, 'balancer-http').inputs['defaultActions']).toEqual([
    { type: 'redirect', redirect: { protocol: 'HTTPS', port: '443', statusCode: 'HTTP_301' } },
  ]);
  expect(find(list, 'balancer-in-443-0-0-0-0-0').inputs).toMatchObject({
    fromPort: 443,
    toPort: 443,
    ipProtocol: 'tcp',
    cidrIpv4: '0.0.0.0/0',
  });
});

it('without a certificate one is requested for the host and proven in its zone', async () => {
  const list = await declared(make({ ...settings, certificateArn: undefined, zoneId: 'Z123456' }));
  expect(outline(list).filter((line) => /certificate|address/.test(line))).toEqual([
    'balancer-address (aws:Record) < balancer',
    'balancer-certificate (aws:Certificate) < balancer',
    'balancer-certificate-proof (aws:Record) < balancer',
    'balancer-certificate-valid (aws:CertificateValidation) < balancer',
  ]);
  expect(find(list, 'balancer-certificate').inputs).toMatchObject({
    domainName: 'azora.world',
    validationMethod: 'DNS',
  });
  // The listener waits until the certificate is valid.
  const certificate = find(list, 'balancer-https').inputs['certificateArn'];
  expect(find(list, 'balancer-https').after).toContain('balancer-certificate-valid');
  expect(refersTo(certificate, 'balancer-certificate')).toBe(true);
});

it('an internal load balancer stands in the private subnets; only the given ranges may connect', async () => {
  const list = await declared(
    make({ ...settings, internal: true, allowedCidrs: ['10.0.0.0/8', 'fd00::/8'] }),
  );
  expect(find(list, 'balancer-alb').inputs).toMatchObject({ internal: true, subnets: ['q1', 'q2'] });
  const rules = list
    .filter((d) => d.type.endsWith('IngressRule'))
    .map((d) => d.inputs['cidrIpv4'] ?? d.inputs['cidrIpv6']);
  expect(rules.map(String).sort()).toEqual(['10.0.0.0/8', '10.0.0.0/8', 'fd00::/8', 'fd00::/8']);
});

it('an existing load balancer has no children', async () => {
  const existing: Settings = {
    kind: 'existing',
    arn: 'a',
    listenerArn: 'l',
    securityGroupId: 's',
    maxRules: 50,
  };
  expect(outline(await declared(make(existing)))).toEqual([
    'balancer (sluice:LoadBalancer) < ',
    'network (sluice:Network) < ',
  ]);
});

it('names keep to 32 characters', () => {
  const long = { application: 'a-rather-long-name-1', environment: 'pull-request-12345678' };
  expect(planLoadBalancer({ ...settings, scope: long, url: 'https://azora.world' }).name).toHaveLength(32);
});
