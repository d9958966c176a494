import type { Cloud } from './cloud.ts';
import type { Fault } from './faults.ts';

/** What `GET /status` answers. */
export interface CloudStatus {
  readonly loadBalancers: readonly { readonly arn: string; readonly name: string; readonly url: string }[];
  readonly listeners: readonly {
    readonly arn: string;
    readonly port: number;
    readonly url: string;
    readonly rules: number;
  }[];
  readonly targetGroups: readonly {
    readonly arn: string;
    readonly name: string;
    readonly healthy: number;
    readonly total: number;
    readonly requests: number;
    readonly errors: number;
    readonly previewRequests: number;
  }[];
  readonly services: readonly {
    readonly arn: string;
    readonly running: number;
    readonly wanted: number;
    readonly steady: boolean;
    readonly pids: readonly number[];
  }[];
  readonly functions: readonly {
    readonly name: string;
    readonly versions: number;
    /** Execution environments. */
    readonly running: number;
  }[];
  readonly images: readonly { readonly reference: string; readonly digest: string }[];
  readonly secrets: readonly string[];
  readonly webhooks: readonly string[];
  readonly faults: readonly { readonly id: number; readonly fault: Fault }[];
}

export const statusOf = (cloud: Cloud): CloudStatus => ({
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
  functions: cloud.functions.list(),
  images: cloud.registry.list(),
  secrets: cloud.secrets.names(),
  webhooks: cloud.webhooks.channels(),
  faults: cloud.faults.list(),
});
