import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateRuleCommand,
  CreateTargetGroupCommand,
  type ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { AwsSettings } from '../../release/adapters/aws/settings.ts';
import { startServer } from './server-process.ts';
import { findMoto } from './tools.ts';

export interface Moto {
  readonly endpoint: string;
  readonly settings: AwsSettings;
  /** One call of moto's own interface. */
  control(path: string, body: unknown): Promise<void>;
  /** moto's own default network. */
  network(region?: string): Promise<{
    readonly vpc: string;
    readonly subnets: readonly string[];
    readonly securityGroup: string;
  }>;
  stop(): Promise<void>;
}

/** AWS on loopback, of this test file alone. */
export const startMoto = async (): Promise<Moto> => {
  const file = findMoto();
  if (file === undefined) throw new Error('no moto_server: .ci/moto installs it');
  const server = await startServer(file, ['-H', '127.0.0.1', '-p', '0'], /Running on (http:\S+)/);
  const endpoint = server.caught;
  const control: Moto['control'] = async (path, body) => {
    const response = await fetch(`${endpoint}/moto-api/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
    if (!response.ok) throw new Error(`moto answered ${response.status}: ${await response.text()}`);
  };
  return {
    endpoint,
    settings: {
      region: 'eu-central-1',
      endpoint,
      credentials: { accessKeyId: 'moto', secretAccessKey: 'moto' },
    },
    control,
    network: async (region = 'eu-central-1') => {
      const authorization = `AWS4-HMAC-SHA256 Credential=moto/20260101/${region}/ec2/aws4_request, SignedHeaders=host, Signature=none`;
      const ask = async (action: string): Promise<string> => {
        const url = `${endpoint}/?Action=${action}&Version=2016-11-15`;
        return (await fetch(url, { headers: { authorization } })).text();
      };
      const [subnets, groups] = [await ask('DescribeSubnets'), await ask('DescribeSecurityGroups')];
      return {
        vpc: /<vpcId>([^<]+)/.exec(subnets)?.[1] ?? '',
        subnets: [...subnets.matchAll(/<subnetId>([^<]+)/g)].map((m) => m[1] ?? ''),
        securityGroup: /<groupId>([^<]+)/.exec(groups)?.[1] ?? '',
      };
    },
    stop: () => server.stop(),
  };
};

export interface MadeBalancer {
  readonly arn: string;
  readonly listener: string;
  readonly groups: readonly [string, string];
  readonly rules: readonly string[];
}

/** A load balancer with one listener, two target groups and some rules. */
export const makeBalancer = async (
  elb: ElasticLoadBalancingV2Client,
  { vpc, subnets }: Awaited<ReturnType<Moto['network']>>,
  rules = 20,
): Promise<MadeBalancer> => {
  const { LoadBalancers } = await elb.send(
    new CreateLoadBalancerCommand({ Name: 'azora', Subnets: [...subnets], Type: 'application' }),
  );
  const arn = LoadBalancers?.[0]?.LoadBalancerArn ?? '';
  const group = async (slot: string): Promise<string> => {
    const made = await elb.send(
      new CreateTargetGroupCommand({
        Name: `auth-${slot}`,
        Protocol: 'HTTP',
        Port: 8080,
        VpcId: vpc,
        TargetType: 'ip',
      }),
    );
    return made.TargetGroups?.[0]?.TargetGroupArn ?? '';
  };
  const groups = [await group('blue'), await group('green')] as const;
  const forward = [{ Type: 'forward' as const, TargetGroupArn: groups[0] }];
  const { Listeners } = await elb.send(
    new CreateListenerCommand({ LoadBalancerArn: arn, Protocol: 'HTTP', Port: 80, DefaultActions: forward }),
  );
  const listener = Listeners?.[0]?.ListenerArn ?? '';
  const made: string[] = [];
  for (let i = 0; i < rules; i += 1) {
    const { Rules } = await elb.send(
      new CreateRuleCommand({
        ListenerArn: listener,
        Priority: i + 1,
        Conditions: [{ Field: 'path-pattern', Values: [`/service-${i}/*`] }],
        Actions: forward,
      }),
    );
    made.push(Rules?.[0]?.RuleArn ?? '');
  }
  return { arn, listener, groups, rules: made };
};
