import type { App } from '../../config/types.ts';
import type { Clock } from '../../lib/clock.ts';
import type { ExitCode } from '../../lib/errors.ts';
import type { Effect, OperatorCommand } from '../core/engine/effects.ts';
import type { Until } from '../core/engine/phases.ts';
import type { Metadata, Result, State } from '../core/engine/types.ts';
import type { View } from '../core/engine/view.ts';
import type { Gate } from '../core/gate/types.ts';
import type { LogKind } from '../core/records/names.ts';
import type { Github } from '../ports/github.ts';
import type {
  HttpAnswer,
  HttpProbe,
  Images,
  Messages,
  MetricSource,
  ObjectStore,
  Prober,
  Secrets,
  Source,
  StackUpdater,
  Tasks,
  Traffic,
} from '../ports/index.ts';

/** Everything of the world that a deployment needs. */
export interface Ports {
  readonly stack: StackUpdater;
  readonly traffic: Traffic;
  readonly prober: Prober;
  readonly metrics: MetricSource;
  readonly images: Images;
  readonly secrets: Secrets;
  readonly source: Source;
  readonly tasks: Tasks;
  readonly messages: Messages;
  readonly http: (probe: HttpProbe, signal?: AbortSignal) => Promise<HttpAnswer>;
  readonly objects: {
    readonly record: ObjectStore;
    readonly lease: ObjectStore;
    readonly backup: ObjectStore;
  };
  /** The working folder (`.sluice`). */
  readonly local: ObjectStore;
  readonly logs: Logs;
  /** Restores a deployment's backup; undefined where there is no database. */
  readonly restore?: (deployment: string, signal?: AbortSignal) => Promise<Metadata>;
  /** Undoes migrations by the configured command, once a deployment; undefined where there is no database. */
  readonly undo?: (what: Undo, signal?: AbortSignal) => Promise<Metadata>;
  /** The application's repository; undefined where it has none, or none that can be asked. */
  readonly github?: Github;
  /** The last deployment of a version in another environment, with the digests it ran. */
  readonly elsewhere?: (environment: string, version: string) => Promise<Elsewhere | undefined>;
  /** Text of a migration file; undefined when it cannot be read here. */
  readonly migration?: (name: string) => Promise<string | undefined>;
}

export interface Undo {
  /** The rollback's own. */
  readonly deployment: string;
  /** The version that is gone back to. */
  readonly version: string;
  /** Names, newest first. */
  readonly migrations: readonly string[];
  readonly timeoutMs: number;
}

export interface Elsewhere {
  readonly deployment: string;
  readonly status: 'success' | 'rolled_back' | 'failed';
  readonly images: Readonly<Record<string, string>>;
}

/** Logs of one deployment, a line at a time, free of secrets. */
export interface Logs {
  append(kind: LogKind, line: string): void;
  /** All of one kind so far; undefined when nothing was written. */
  read(kind: LogKind): Promise<string | undefined>;
}

export interface RunOptions {
  readonly ports: Ports;
  readonly clock: Clock;
  readonly app: App;
  readonly gate: Gate;
  /** Person and machine, e.g. `ada@laptop`. */
  readonly holder: string;
  /** A new unguessable token each time. */
  readonly token: () => string;
  readonly onView?: (view: View) => void;
  readonly operator?: Operator;
  /** Stops after this phase; the next job of the same deployment goes on. */
  readonly until?: Until;
  readonly leaseTtlMs?: number;
  readonly pollMs?: number;
  /** How long a job's lease is kept for the next job. */
  readonly handOverMs?: number;
  readonly hooks?: Hooks;
}

/** Called around every effect; tests end a runner here. What they throw is no effect's failure. */
export interface Hooks {
  before?(effect: Effect): void;
  after?(effect: Effect): void;
}

/** The person at this terminal. */
export interface Operator {
  subscribe(listener: (said: OperatorSays) => void): () => void;
}
export type OperatorSays =
  | OperatorCommand
  /** Ctrl-C: everything goes back, or is left as it is for `sluice deploy --resume`. */
  | { readonly command: 'interrupt'; readonly by: string; readonly choice: 'rollback' | 'leave' };

export interface Outcome {
  readonly result: Result['status'] | 'halted' | 'handedOn' | 'left';
  readonly exit: ExitCode;
  readonly deployment: string;
  readonly why: string;
  readonly hint?: string;
  readonly attention?: string;
  readonly state: State;
}
