import type { DiffKind, Props, Provider } from '../provider/contract.ts';
import type { StateStore } from './store.ts';

/** What is done to a resource, in the words of `pulumi`. */
export type Op =
  | 'same'
  | 'create'
  | 'update'
  | 'replace'
  | 'create-replacement'
  | 'delete-replaced'
  | 'delete'
  | 'discard'
  | 'read'
  | 'refresh'
  | 'remove-pending-replace';

/** Seconds, 0 for none. */
export interface Timeouts {
  readonly create: number;
  readonly update: number;
  readonly delete: number;
}

/** One resource as state knows it. Secrets in `inputs` and `outputs` carry their mark. */
export interface ResourceState {
  readonly urn: string;
  readonly type: string;
  /** False for components, which have children but no provider. */
  readonly custom: boolean;
  /** '' for components. */
  readonly id: string;
  readonly inputs: Props;
  readonly outputs: Props;
  /** '' for the stack itself. */
  readonly parent: string;
  readonly dependencies: readonly string[];
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  /** `urn::id` of an explicit provider; '' for the default one. */
  readonly provider: string;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  /** URN of the resource whose deletion takes this one along; '' for none. */
  readonly deletedWith: string;
  readonly additionalSecretOutputs: readonly string[];
  readonly timeouts: Timeouts;
  /** Read, not owned: never deleted. */
  readonly external: boolean;
  /** Replaced, and still to be deleted. */
  readonly delete: boolean;
  /** Deleted to make room for its replacement, which does not exist yet. */
  readonly pendingReplacement: boolean;
  /** Why the last create or update was not finished. The next update tries again. */
  readonly initErrors: readonly string[];
  readonly createdAt: number;
  readonly modifiedAt: number;
}

/** An operation whose end nobody saw: its resource may or may not exist. */
export interface PendingOperation {
  readonly type: 'creating' | 'updating' | 'deleting' | 'reading';
  readonly resource: ResourceState;
}

export interface StackState {
  readonly project: string;
  readonly stack: string;
  readonly resources: readonly ResourceState[];
  readonly pendingOperations: readonly PendingOperation[];
}

export type DetailedDiff = Readonly<Record<string, { readonly kind: DiffKind }>>;

interface ResourceEventBase {
  readonly at: number;
  readonly op: Op;
  readonly urn: string;
  readonly type: string;
  readonly protect: boolean;
  /** Leaf paths that differ; values never appear. */
  readonly diff: DetailedDiff;
  /** Properties that force the replacement. */
  readonly replaces: readonly string[];
}

export type EngineEvent =
  | (ResourceEventBase & { readonly kind: 'pre' | 'done' })
  | (ResourceEventBase & { readonly kind: 'failed'; readonly reason: string })
  | {
      readonly kind: 'diagnostic';
      readonly at: number;
      readonly severity: 'info' | 'warning' | 'error';
      readonly urn: string;
      readonly text: string;
    }
  | {
      readonly kind: 'summary';
      readonly at: number;
      readonly result: 'succeeded' | 'failed';
      readonly changes: Changes;
      readonly durationMs: number;
    };

/** Resources by what became of them: create, update, replace, delete, same, read. */
export type Changes = Readonly<Record<string, number>>;

export type Program = () => Promise<Record<string, unknown> | undefined>;

export interface EngineOptions {
  readonly project: string;
  readonly stack: string;
  /** Default `organization`, as with a self-managed backend. */
  readonly organization?: string;
  readonly program: Program;
  /** Keys with their namespace (`sluice:app`), values as `pulumi config` keeps them. */
  readonly config: Readonly<Record<string, string>>;
  readonly secretKeys?: readonly string[];
  readonly provider: Provider;
  readonly store: StateStore;
  /** Key of everything secret in state and history. */
  readonly passphrase: string;
  readonly onEvent?: (event: EngineEvent) => void;
  /** Aborted: nothing new is started, running operations are waited for. */
  readonly signal?: AbortSignal;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now: () => number;
  /** Provider operations at a time; default 64. */
  readonly parallel?: number;
  /** Whether errors inside the program keep their stack: helps to find a bug, and doubles the time. Default false. */
  readonly stackTraces?: boolean;
  /** Free text kept in history with the update. */
  readonly message?: string;
  /** Outputs of another stack, for references to it; secrets marked. Undefined: there is no such stack. */
  readonly referenced?: (name: string) => Promise<Props | undefined>;
}

/** A stack output, and whether it is or contains a secret. */
export interface OutputValue {
  readonly value: unknown;
  readonly secret: boolean;
}
export type Outputs = Readonly<Record<string, OutputValue>>;

/** One step as planned or done, in order. */
export interface Step {
  readonly op: Op;
  readonly urn: string;
  readonly type: string;
  readonly protect: boolean;
  readonly diff: DetailedDiff;
  readonly replaces: readonly string[];
}

export interface Outcome {
  readonly outputs: Outputs;
  readonly changes: Changes;
  /** Everything that was done (or would be), `same` included, in the order it ended. */
  readonly steps: readonly Step[];
  readonly durationMs: number;
}

/** One update as history keeps it. Values of secret keys are sealed. */
export interface HistoryRecord {
  readonly version: number;
  readonly kind: 'update' | 'refresh' | 'destroy';
  readonly message: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly result: 'succeeded' | 'failed';
  readonly config: Readonly<Record<string, { readonly value: string; readonly secret: boolean }>>;
  readonly changes: Changes;
}
