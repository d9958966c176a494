import type { Release, Slot } from '../../../config/release.types.ts';
import type { SlotName } from '../../../config/types.ts';
import type { Baseline, MetricQuery, MetricWindow } from '../../ports/metrics.ts';
import type { ProbeResult } from '../../ports/prober.ts';
import type { RoutingOutput } from '../../ports/stack.ts';
import type { Message } from '../../ports/supply.ts';
import type { Shares } from '../release.ts';
import type { RecordSummary } from '../records/summary.ts';
import type { Finding, LiveShares, Metadata, PlannedStep, SmokeOutcome } from './types.ts';

/**
 * What the core wants done. Plain data with an id; doing one twice has the effect of doing it once, so that a
 * resumed runner may simply start again whatever was decided on and not observed.
 */
export type Effect = { readonly id: string } & EffectBody;

export type EffectBody =
  /** Reads the stack, the world and the supplies; decides nothing. */
  | { readonly kind: 'preflight'; readonly timeoutMs: number }
  /** Like preflight, for a rollback: the records, the release to go back to, the live weights. */
  | { readonly kind: 'survey'; readonly to: string | undefined; readonly timeoutMs: number }
  /** The completed release and the live weights, read again. */
  | { readonly kind: 'facts'; readonly timeoutMs: number }
  | { readonly kind: 'acquire'; readonly preempt: boolean; readonly timeoutMs: number }
  | { readonly kind: 'build'; readonly version: string; readonly timeoutMs: number }
  /** Finds images by digest and secrets by version, and freezes the slot. */
  | { readonly kind: 'freeze'; readonly timeoutMs: number }
  /**
   * One stack update: compares live weights with `base`, applies, reads back. When the stack is already at the
   * release's serial and deployment, it only reads back.
   */
  | {
      readonly kind: 'update';
      readonly step: PlannedStep['kind'] | 'revert';
      readonly name: string;
      readonly release: Release;
      readonly base: Release | undefined;
      /** `strict`: live weights must be those of `base`. `restored`: a direct call set those of `release` already. */
      readonly weights: 'strict' | 'restored';
      readonly timeoutMs: number;
    }
  /** What the command left in the backup bucket. */
  | { readonly kind: 'metadata'; readonly of: 'backup' | 'migrate'; readonly timeoutMs: number }
  /** Probes a slot once, at `at` or as soon after as possible. `preview`: through its preview rule. */
  | {
      readonly kind: 'probe';
      readonly at: number;
      readonly slot: SlotName;
      readonly frozen: Slot;
      readonly way: 'preview' | 'public';
      readonly timeoutMs: number;
    }
  | { readonly kind: 'baseline'; readonly widthMs: number; readonly timeoutMs: number }
  /** One look during a bake: probes, closed windows, live weights. */
  | {
      readonly kind: 'look';
      readonly at: number;
      readonly slot: SlotName;
      readonly frozen: Slot;
      readonly query: MetricQuery;
      readonly timeoutMs: number;
    }
  /** Direct calls, one a rule, all at once; read back until they hold. */
  | {
      readonly kind: 'weights';
      readonly shares: Readonly<Record<string, Shares>>;
      readonly timeoutMs: number;
    }
  | { readonly kind: 'smoke'; readonly at: number; readonly timeoutMs: number }
  | { readonly kind: 'restore'; readonly deployment: string; readonly timeoutMs: number }
  /** The configured command undoes these, newest first; those that the database lists no more are left out. */
  | { readonly kind: 'undo'; readonly migrations: readonly string[]; readonly timeoutMs: number }
  | { readonly kind: 'wait'; readonly until: number }
  | { readonly kind: 'record'; readonly files: readonly RecordFile[]; readonly timeoutMs: number }
  | { readonly kind: 'message'; readonly message: Message; readonly timeoutMs: number }
  | { readonly kind: 'letGo'; readonly timeoutMs: number };

export interface RecordFile {
  /** Name without a path, e.g. `deployment-record-1700000000-abcdef123456.json`. */
  readonly name: string;
  readonly body: string;
  /** Extra key in the record bucket under which the same text is kept. */
  readonly key?: string;
}

export type EffectKind = EffectBody['kind'];
export type EffectOf<K extends EffectKind> = Extract<Effect, { kind: K }>;

/** What each effect reports when it was done. */
export interface EffectResults {
  preflight: StackFacts & {
    readonly findings: readonly Finding[];
    readonly commit?: string;
    readonly pendingMigrations: readonly string[];
    readonly destructive: readonly string[];
    readonly previous?: { readonly serial: number; readonly version: string; readonly deployment: string };
  };
  survey: StackFacts & {
    readonly findings: readonly Finding[];
    readonly records: readonly RecordSummary[];
    /** Completed releases by serial, as far as records name them. */
    readonly releases: Readonly<Record<string, Release>>;
    /** A release that another runner left open, or is still at. */
    readonly open?: { readonly deployment: string; readonly before?: Release; readonly stable?: SlotName };
  };
  facts: StackFacts;
  acquire:
    | { readonly granted: true; readonly token: string; readonly serial: number }
    | {
        readonly granted: false;
        readonly holder: string;
        readonly deployment: string;
        readonly since: number;
      };
  build: { readonly images: number };
  freeze: { readonly slot: Slot };
  update: UpdateObservation;
  metadata: { readonly metadata?: Metadata };
  probe: { readonly probes: readonly ProbeResult[]; readonly unsteady: readonly string[] };
  baseline: { readonly baselines: Readonly<Record<string, Baseline>>; readonly problem?: string };
  look: {
    readonly probes: readonly ProbeResult[];
    readonly windows: readonly MetricWindow[];
    readonly live?: LiveShares;
    readonly problem?: string;
  };
  weights: { readonly live: LiveShares; readonly restoredAt: number };
  smoke: SmokeOutcome;
  restore: Metadata;
  undo: Metadata;
  wait: Readonly<Record<string, never>>;
  record: { readonly written: readonly string[]; readonly problems: readonly string[] };
  message: { readonly sent: readonly { to: string; sent: boolean; reason?: string }[] };
  letGo: Readonly<Record<string, never>>;
}

export interface StackFacts {
  readonly release?: Release;
  readonly routing?: RoutingOutput;
  readonly url?: string;
  readonly live: LiveShares;
}

/** `drift`: live weights were not what the last completed release left; nothing was applied. */
export type UpdateObservation =
  | { readonly applied: false; readonly drift: string; readonly live: LiveShares }
  | {
      readonly applied: true;
      readonly release: Release;
      readonly routing: RoutingOutput;
      readonly url: string;
      readonly live: LiveShares;
      readonly changes: Readonly<Record<string, number>>;
      readonly again: boolean;
    };

/** Why an effect could not be done. */
export interface EffectError {
  readonly message: string;
  /** `refused`: expected, nothing done. `update`: the stack update failed half-way. `timeout`, `bug`: as named. */
  readonly kind: 'refused' | 'update' | 'timeout' | 'stopped' | 'bug';
  readonly hint?: string;
  readonly details: readonly string[];
  /** The completed release, read again after a failed update. */
  readonly release?: Release;
  readonly routing?: RoutingOutput;
}

/** What happened, as the core is told. */
export type Event =
  | { readonly kind: 'start'; readonly runner: string }
  | {
      readonly kind: 'resume';
      readonly by: string;
      readonly runner: string;
      readonly how: 'continue' | 'revert';
      /** Of a way back: what happened, where more is known than that somebody wanted it. */
      readonly why?: string;
      readonly lease?: { readonly token: string; readonly serial: number };
    }
  | {
      [K in EffectKind]: {
        readonly kind: 'done';
        readonly effect: string;
        readonly of: K;
        readonly result: EffectResults[K];
        readonly tookMs: number;
      };
    }[EffectKind]
  | { readonly kind: 'failed'; readonly effect: string; readonly error: EffectError; readonly tookMs: number }
  | {
      readonly kind: 'operator';
      readonly command: OperatorCommand['command'];
      readonly by: string;
      readonly why: string;
      readonly review?: string;
      readonly n?: number;
    }
  | { readonly kind: 'interrupted'; readonly by: string }
  | { readonly kind: 'leaseLost'; readonly to: string };

export type DoneEvent = Extract<Event, { kind: 'done' }>;

/** What a person may say to a running release, from any machine. */
export interface OperatorCommand {
  readonly command: 'pause' | 'promote' | 'abort' | 'approve';
  readonly by: string;
  readonly why: string;
  readonly at: number;
  /** Of an approval: the reviewed GitHub environment that let it through, whose reviewers GitHub has checked. */
  readonly review?: string;
}
