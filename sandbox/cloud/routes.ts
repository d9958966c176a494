import { serveProvider } from '../provider/serve.ts';
import { baselinesOf, windowsOf, type BaselineQuery } from './counts.ts';
import { statusOf } from './status.ts';
import { CloudError } from './options.ts';
import type { MetricQuery } from '../../release/ports/metrics.ts';
import type { Rule } from '../../release/ports/traffic.ts';
import type { Cloud } from './cloud.ts';
import type { Request, Route } from './control.ts';
import type { Fault } from './faults.ts';
import type { HostFault } from './hosts/host.ts';
import type { Publication } from './registry.ts';
import type { TaskRun } from './tasks/scheduler.ts';

const readRules = (cloud: Cloud, arns: readonly string[]): Rule[] =>
  arns.map((arn) => {
    const rule = cloud.balancer.findRule(arn);
    if (rule === undefined) throw new CloudError('RuleNotFound', `no rule ${arn}`);
    const { action } = rule.spec;
    const groups = action.kind === 'forward' ? action.groups : [];
    return { arn, weights: Object.fromEntries(groups.map((g) => [g.arn, g.weight])) };
  });

const writeRules = (cloud: Cloud, rules: readonly Rule[]): void => {
  for (const { arn, weights } of rules) {
    const groups = Object.entries(weights).map(([group, weight]) => ({ arn: group, weight }));
    cloud.balancer.updateRule(arn, { action: { kind: 'forward', groups } });
  }
};

const routing = (cloud: Cloud): Route[] => [
  {
    at: 'POST /balancer/rules/read',
    handle: ({ body }) => readRules(cloud, (body as { rules: string[] }).rules),
  },
  {
    at: 'POST /balancer/rules/write',
    handle: ({ body }) => writeRules(cloud, (body as { rules: Rule[] }).rules),
  },
  {
    at: 'POST /balancer/targets',
    handle: ({ body }) =>
      Object.fromEntries(
        (body as { targetGroups: string[] }).targetGroups.map((arn) => {
          const { healthy, total } = cloud.balancer.group(arn)?.health() ?? { healthy: 0, total: 0 };
          // A task that crashed is no target any more, but it is still wanted.
          return [arn, { healthy, total: Math.max(total, cloud.scheduler.wanted(arn)) }];
        }),
      ),
  },
  { at: 'POST /balancer/windows', handle: ({ body }) => windowsOf(cloud, body as MetricQuery, Date.now()) },
  {
    at: 'POST /balancer/baseline',
    handle: ({ body }) => baselinesOf(cloud, body as BaselineQuery, Date.now()),
  },
  {
    at: 'PUT /balancer/max-rules',
    handle: ({ body }) => {
      cloud.balancer.maxRules = (body as { maxRules: number }).maxRules;
    },
  },
];

const supply = (cloud: Cloud): Route[] => [
  {
    at: 'POST /registry/publish',
    handle: async ({ body }) => {
      const { repository, digest } = await cloud.registry.publish(body as Publication);
      return { digest, reference: `${repository}@${digest}` };
    },
  },
  {
    at: 'GET /registry/find',
    handle: ({ query }) => ({ digest: cloud.registry.find(query.get('reference') ?? '')?.digest ?? null }),
  },
  {
    at: 'PUT /secrets/*',
    handle: ({ rest, body }) => cloud.secrets.put(rest, (body as { value: string }).value),
  },
  {
    at: 'GET /secrets/*',
    handle: ({ rest, query }) => {
      if (query.get('value') === null) return cloud.secrets.describe(rest) ?? null;
      return { value: cloud.secrets.read(rest, query.get('version') ?? undefined) };
    },
  },
  {
    at: 'POST /ecs/run-task',
    handle: ({ body, signal }) => cloud.scheduler.runTask(body as TaskRun, signal),
  },
  {
    at: 'POST /postgres/databases',
    handle: async ({ body }) => {
      if (cloud.postgres === undefined)
        throw new CloudError('NoPostgres', 'this sandbox was started without PostgreSQL');
      const { name } = body as { name: string };
      await cloud.postgres.createDatabase(name);
      return { url: cloud.postgres.url(name) };
    },
  },
];

/** What goes wrong with the object store; `corrupt` damages one stored object. */
export type S3Fault =
  | { readonly kind: 'unreachable' | 'delay'; readonly ms: number }
  | {
      readonly kind: 'cutUploads';
      readonly afterBytes: number;
      readonly bucket?: string;
      readonly prefix?: string;
      readonly times?: number;
    }
  | {
      readonly kind: 'corruptUploads';
      readonly bucket?: string;
      readonly prefix?: string;
      readonly times?: number;
    }
  | { readonly kind: 'corrupt'; readonly bucket: string; readonly key: string }
  | { readonly kind: 'clear' };

const s3Fault = ({ s3 }: Cloud, fault: S3Fault): void => {
  switch (fault.kind) {
    case 'unreachable':
      return s3.faults.unreachable(fault.ms);
    case 'delay':
      return s3.faults.delay(fault.ms);
    case 'cutUploads':
      return s3.faults.cutUploads(fault.afterBytes, fault);
    case 'corruptUploads':
      return s3.faults.corruptUploads(fault);
    case 'corrupt':
      return s3.bucket(fault.bucket)?.corrupt(fault.key);
    case 'clear':
      return s3.faults.clear();
    default:
      fault satisfies never;
  }
};

/** Machines reached over SSH. */
const machines = (cloud: Cloud): Route[] => [
  { at: 'POST /hosts/*', handle: ({ rest }) => cloud.hosts.make(rest) },
  { at: 'GET /hosts/*', handle: ({ rest }) => cloud.hosts.containers(rest) },
  { at: 'PUT /hosts/*', handle: ({ rest, body }) => cloud.hosts.fault(rest, body as HostFault) },
];

const watching = (cloud: Cloud): Route[] => [
  {
    at: 'POST /webhooks/*',
    open: true,
    handle: ({ rest, body }: Request) => {
      // What follows the channel's name is the other side's own path, e.g. `/v2/enqueue`.
      const [channel = ''] = rest.split('/');
      if (cloud.faults.webhookDown(channel))
        throw new CloudError('WebhookDown', `channel ${channel} is down`);
      cloud.webhooks.receive(channel, body);
      return { ok: true };
    },
  },
  { at: 'POST /mailbox', handle: async () => ({ url: await cloud.mailbox.url() }) },
  { at: 'GET /webhooks/*', handle: ({ rest }) => cloud.webhooks.read(rest) },
  { at: 'POST /s3/faults', handle: ({ body }) => s3Fault(cloud, body as S3Fault) },
  { at: 'GET /faults', handle: () => cloud.faults.list() },
  { at: 'POST /faults', handle: ({ body }) => ({ id: cloud.faults.add(body as Fault) }) },
  { at: 'DELETE /faults', handle: () => cloud.faults.clear() },
  { at: 'DELETE /faults/*', handle: ({ rest }) => cloud.faults.clear(Number(rest)) },
];

/** Everything that can be asked of the cloud over its control API. */
export const routesOf = (cloud: Cloud, shutdown: () => void): Route[] => [
  { at: 'GET /status', handle: () => statusOf(cloud) },
  {
    at: 'POST /provider/*',
    handle: async ({ rest, body, signal }) => {
      const answer = await serveProvider(cloud.provider, rest, body, signal);
      if (answer === undefined) throw new CloudError('NoSuchMethod', `a provider has no method ${rest}`);
      return answer;
    },
  },
  ...routing(cloud),
  ...supply(cloud),
  ...machines(cloud),
  ...watching(cloud),
  {
    at: 'POST /shutdown',
    handle: () => {
      setImmediate(shutdown);
      return { stopping: true };
    },
  },
];
