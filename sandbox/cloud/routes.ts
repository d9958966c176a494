import { serveProvider } from '../provider/serve.ts';
import { baselineOf, countsOf } from './balancer/metrics.ts';
import { CloudError } from './options.ts';
import type { MetricQuery, MetricWindow } from '../../release/ports/metrics.ts';
import type { Rule } from '../../release/ports/traffic.ts';
import type { TargetGroup } from './balancer/group.ts';
import type { Cloud } from './cloud.ts';
import type { Request, Route } from './control.ts';
import type { Fault } from './faults.ts';
import type { Publication } from './registry.ts';
import type { TaskRun } from './tasks/scheduler.ts';

/** What `GET /status` answers. */
export interface CloudStatus {
  readonly loadBalancers: readonly { readonly arn: string; readonly name: string; readonly url: string }[];
  readonly listeners: readonly { readonly arn: string; readonly port: number; readonly url: string; readonly rules: number }[];
  readonly targetGroups: readonly {
    readonly arn: string;
    readonly name: string;
    readonly healthy: number;
    readonly total: number;
    readonly requests: number;
    readonly errors: number;
    readonly previewRequests: number;
  }[];
  readonly services: readonly { readonly arn: string; readonly running: number; readonly wanted: number; readonly steady: boolean; readonly pids: readonly number[] }[];
  readonly images: readonly { readonly reference: string; readonly digest: string }[];
  readonly secrets: readonly string[];
  readonly webhooks: readonly string[];
  readonly faults: readonly { readonly id: number; readonly fault: Fault }[];
}

const statusOf = (cloud: Cloud): CloudStatus => ({
  loadBalancers: [...cloud.balancer.loadBalancers.values()].map((lb) => ({
    arn: lb.arn,
    name: lb.name,
    url: `http://${lb.address}`,
  })),
  listeners: [...cloud.balancer.listeners.values()].map((l) => ({
    arn: l.arn,
    port: l.spec.port,
    url: `http://${l.address}`,
    rules: l.rules.length,
  })),
  targetGroups: [...cloud.balancer.groups.values()].map((g) => ({
    arn: g.arn,
    name: g.spec.name,
    ...g.health(),
    requests: g.metrics.total,
    errors: g.metrics.errors,
    previewRequests: g.metrics.previewRequests,
  })),
  services: [...cloud.scheduler.services].map(([arn, service]) => ({ arn, ...service.status() })),
  images: cloud.registry.list(),
  secrets: cloud.secrets.names(),
  webhooks: cloud.webhooks.channels(),
  faults: cloud.faults.list(),
});

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

/** A group whose counts can be seen; undefined when there is none, or a fault hides it. */
const visible = (cloud: Cloud, arn: string | undefined): TargetGroup | undefined => {
  const group = arn === undefined ? undefined : cloud.balancer.group(arn);
  return group === undefined || cloud.faults.hides(group.spec.name, group.arn) ? undefined : group;
};

const windowsOf = (cloud: Cloud, query: MetricQuery, now: number): MetricWindow[] => {
  const { since, widthMs } = query;
  const first = Math.ceil(since / widthMs) * widthMs;
  const windows: MetricWindow[] = [];
  for (let from = first; from + widthMs <= now; from += widthMs)
    for (const [service, groups] of Object.entries(query.services)) {
      const [fresh, stable] = [visible(cloud, groups.fresh), visible(cloud, groups.stable)];
      const count = (group: TargetGroup | undefined) =>
        group === undefined
          ? { requests: 0, errors: 0, slow: 0 }
          : countsOf(group.metrics.sum(from, from + widthMs), groups.slowerThanMs);
      windows.push({
        service,
        from,
        to: from + widthMs,
        fresh: count(fresh),
        stable: count(stable),
        seen: { fresh: fresh !== undefined, stable: stable !== undefined },
      });
    }
  return windows;
};

const routing = (cloud: Cloud): Route[] => [
  { at: 'POST /balancer/rules/read', handle: ({ body }) => readRules(cloud, (body as { rules: string[] }).rules) },
  { at: 'POST /balancer/rules/write', handle: ({ body }) => writeRules(cloud, (body as { rules: Rule[] }).rules) },
  {
    at: 'POST /balancer/targets',
    handle: ({ body }) =>
      Object.fromEntries(
        (body as { targetGroups: string[] }).targetGroups.map((arn) => [
          arn,
          cloud.balancer.group(arn)?.health() ?? { healthy: 0, total: 0 },
        ]),
      ),
  },
  { at: 'POST /balancer/windows', handle: ({ body }) => windowsOf(cloud, body as MetricQuery, Date.now()) },
  {
    at: 'POST /balancer/baseline',
    handle: ({ body }) => {
      const query = body as { targetGroups: Record<string, string>; lookbackMs: number; widthMs: number };
      return Object.fromEntries(
        Object.entries(query.targetGroups).flatMap(([service, arn]) => {
          const group = visible(cloud, arn);
          if (group === undefined) return [];
          return [[service, baselineOf(group.metrics, Date.now(), query.lookbackMs, query.widthMs)]];
        }),
      );
    },
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
  { at: 'PUT /secrets/*', handle: ({ rest, body }) => cloud.secrets.put(rest, (body as { value: string }).value) },
  {
    at: 'GET /secrets/*',
    handle: ({ rest, query }) => {
      if (query.get('value') === null) return cloud.secrets.describe(rest) ?? null;
      return { value: cloud.secrets.read(rest, query.get('version') ?? undefined) };
    },
  },
  { at: 'POST /ecs/run-task', handle: ({ body, signal }) => cloud.scheduler.runTask(body as TaskRun, signal) },
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
  | { readonly kind: 'cutUploads'; readonly afterBytes: number; readonly bucket?: string; readonly prefix?: string; readonly times?: number }
  | { readonly kind: 'corruptUploads'; readonly bucket?: string; readonly prefix?: string; readonly times?: number }
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

const watching = (cloud: Cloud): Route[] => [
  {
    at: 'POST /webhooks/*',
    open: true,
    handle: ({ rest, body }: Request) => {
      if (cloud.faults.webhookDown(rest)) throw new CloudError('WebhookDown', `channel ${rest} is down`);
      cloud.webhooks.receive(rest, body);
      return { ok: true };
    },
  },
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
  ...watching(cloud),
  {
    at: 'POST /shutdown',
    handle: () => {
      setImmediate(shutdown);
      return { stopping: true };
    },
  },
];
