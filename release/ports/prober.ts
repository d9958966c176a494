import type { FrozenService } from '../../config/release.types.ts';

/** What a function must be, and what it must answer. */
export interface FunctionProbe {
  /** As frozen: its digest is that of the published code. */
  readonly image: string;
  readonly tests: NonNullable<FrozenService['function']>['tests'];
}

export interface ProbeTarget {
  readonly service: string;
  /** Target group of the slot that is probed. */
  readonly targetGroup: string;
  /** The rule that users come by, when their way is to be probed; undefined: the slot itself. */
  readonly rule?: string;
  /** Of a function: what it is called with. Places that are asked over HTTP have none. */
  readonly function?: FunctionProbe;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Version that the answer must carry; undefined: not checked. */
  readonly version: string | undefined;
  readonly timeoutMs: number;
}

export interface ProbeResult {
  readonly service: string;
  readonly at: number;
  readonly healthy: boolean;
  readonly status: number | undefined;
  readonly version: string | undefined;
  readonly latencyMs: number;
  /** Healthy targets the load balancer sees in the group; undefined when it was not asked. */
  readonly healthyTargets: number | undefined;
  readonly reason: string | undefined;
}

/** Hard evidence: probes of one version's slot, through its preview rule, not counted as users' requests. */
export interface Prober {
  probe(targets: readonly ProbeTarget[], signal?: AbortSignal): Promise<readonly ProbeResult[]>;
  /** Whether the load balancer and the scheduler see every wanted task of a target group healthy. */
  targets(
    targetGroups: readonly string[],
  ): Promise<Readonly<Record<string, { readonly healthy: number; readonly total: number }>>>;
}

export interface HttpProbe {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly timeoutMs: number;
}

export type HttpAnswer =
  | { readonly ok: true; readonly status: number; readonly body: string; readonly latencyMs: number }
  | { readonly ok: false; readonly reason: string; readonly latencyMs: number };
