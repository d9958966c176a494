import type { Release } from '../../config/release.types.ts';

/** What the program exports; see infra/outputs.ts. */
export interface StackOutputs {
  /** The last *completed* release; undefined before the first update. */
  readonly release: Release | undefined;
  /** Public address, as reached from this machine (the sandbox's loopback address, or the real one). */
  readonly url: string;
  readonly routing: RoutingOutput;
  readonly buckets: { readonly backup: string; readonly record: string; readonly lease: string };
  /** ARN or name of the cluster that the services run in; undefined: the stack was last updated before it had this output. */
  readonly cluster?: string;
}

/** Everything a direct call or a probe needs, without the stack's lock. */
export interface RoutingOutput {
  /** Where requests are counted as a whole, where there is such a place: a load balancer's listener. */
  readonly listenerArn?: string;
  /** Per service: the production rule or alias (absent while no slot has traffic) and the target group or published version of each slot that exists. */
  readonly services: Readonly<
    Record<
      string,
      { readonly rule?: string; readonly targetGroups: { readonly blue?: string; readonly green?: string } }
    >
  >;
  /** Header that a probe sends, with the token of its slot, to reach a slot through its preview rule; absent where slots have addresses of their own. */
  readonly previewHeader?: string;
}

export interface UpdateEvent {
  readonly at: number;
  readonly kind: 'resource' | 'failed' | 'message' | 'summary';
  readonly op?: string;
  readonly urn?: string;
  readonly text: string;
}

export interface UpdateResult {
  readonly outputs: StackOutputs;
  /** Operations by kind: create, update, delete, replace, same. */
  readonly changes: Readonly<Record<string, number>>;
  readonly durationMs: number;
}

export interface PreviewChange {
  readonly op: 'create' | 'update' | 'replace' | 'delete' | 'same' | 'read';
  readonly urn: string;
  readonly type: string;
  readonly protect: boolean;
  /** Leaf property paths that differ. */
  readonly diff: readonly string[];
}

export interface HistoryEntry {
  readonly version: number;
  readonly startedAt: number;
  readonly result: 'succeeded' | 'failed';
  readonly release: Release | undefined;
}

/** One stack, updated one configuration at a time. */
export interface StackUpdater {
  /** Applies a release (undefined: carry on). Throws `ExpectedError` when the program refuses, `UpdateFailed` when resources failed. */
  up(
    release: Release | undefined,
    options: { onEvent: (e: UpdateEvent) => void; signal?: AbortSignal },
  ): Promise<UpdateResult>;
  preview(release: Release | undefined): Promise<readonly PreviewChange[]>;
  /** Outputs of the last update; undefined before the first. */
  outputs(): Promise<StackOutputs | undefined>;
  /** Values of secret outputs that the engine needs: the preview tokens per slot. */
  previewTokens(): Promise<Readonly<Record<string, string>>>;
  history(): Promise<readonly HistoryEntry[]>;
}

/** An update that failed half-way: what was changed and what was not. The completed release is still the old one. */
export class UpdateFailed extends Error {
  override readonly name = 'UpdateFailed';
  readonly changed: readonly string[];
  readonly failed: readonly { readonly urn: string; readonly reason: string }[];
  constructor(
    message: string,
    changed: readonly string[],
    failed: readonly { urn: string; reason: string }[],
  ) {
    super(message);
    this.changed = changed;
    this.failed = failed;
  }
}
