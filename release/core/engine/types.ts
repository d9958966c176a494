import type { Release, Slot } from '../../../config/release.types.ts';
import type { App, SlotName, Stage } from '../../../config/types.ts';
import type { MetricWindow } from '../../ports/metrics.ts';
import type { ProbeResult } from '../../ports/prober.ts';
import type { RoutingOutput } from '../../ports/stack.ts';
import type { GateState, Verdict } from '../gate/types.ts';
import type { Step } from '../plan.ts';
import type { Effect } from './effects.ts';

/**
 * Where one deployment stands. Plain JSON: it is what the journal keeps, and a runner on another machine goes on
 * from it. Times are milliseconds since 1970, durations milliseconds, shares percent.
 */
export interface State {
  format: 1;
  kind: 'release' | 'rollback';
  request: Request;
  settings: Settings;
  phase: Phase;
  startedAt: number;
  finishedAt?: number;
  /** The last completed release, as the stack's outputs named it when they were last read. */
  current?: Release;
  /** The completed release when this deployment began: what a rollback of it restores. */
  before?: Release;
  /** The slot that had the traffic before; absent when nobody was served. */
  stable?: SlotName;
  routing?: RoutingOutput;
  url?: string;
  /** The new slot, frozen. */
  target?: Slot;
  steps: PlannedStep[];
  /** Index of the step being walked. */
  at: number;
  /** Whether the target slot passed its probes since it last changed. */
  probed: boolean;
  /** Whether services were touched: from here on a failure is rolled back. */
  changed: boolean;
  gate?: GateState;
  stages: StageRun[];
  totals: Record<string, Totals>;
  lastProbes: ProbeResult[];
  preflight?: PreflightNotes;
  approval?: { by: string; at: number };
  lease?: { token: string; serial: number };
  backup?: Metadata;
  migration?: Metadata;
  /** Of a rollback that undid migrations: what its command left. */
  undone?: Metadata;
  smoke?: SmokeOutcome;
  rollback?: RollbackRun;
  /** When users were kept out, and until when; absent: never. */
  closed?: { from: number; to?: number };
  /** Of a rollback by a person: what it goes back to. */
  goal?: RollbackGoal;
  failure?: Failure;
  paused?: { by: string; why: string; at: number };
  messages: { to: string; sent: boolean; reason?: string }[];
  timeline: Entry[];
  /** Effects that were decided on and not yet observed: what a resumed runner starts again. */
  pending: Pending[];
  /** Number of the last effect. */
  counter: number;
  /** Token of the runner that wrote this state: tells whose a journal is. */
  runner: string;
  /** Operator commands read so far. */
  control: number;
}

export interface Request {
  readonly application: string;
  readonly environment: string;
  readonly deployment: string;
  readonly version: string;
  readonly commit: string;
  readonly ref: string;
  /** When the commit was made; undefined where the source does not say. */
  readonly committedAt?: number;
  /** Who, why, under which ticket, at which risk: the change record (E2). */
  readonly by: string;
  readonly reason: string;
  readonly ticket?: string;
  readonly risk?: 'low' | 'medium' | 'high';
  /** The machine or pipeline run that does it. */
  readonly where: string;
  readonly link?: string;
  /** Approved before it began (a reviewed GitHub environment, say). */
  readonly approvedBy?: string;
  readonly rollback?: RollbackRequest;
}

export interface RollbackRequest {
  readonly mode: 'standard' | 'emergency';
  /** Deployment id, version or serial; undefined: the release before the live one. */
  readonly to?: string;
  readonly override: boolean;
  readonly restoreDatabase: boolean;
  /** Migrations that ran since are undone by the configured command. Absent in journals of older runners: no. */
  readonly revertMigrations?: boolean;
}

/** The part of the configuration that a deployment is decided by, as it was when the deployment began. */
export interface Settings extends Pick<
  App,
  'rollout' | 'url' | 'team' | 'health' | 'gate' | 'approval' | 'timeouts' | 'rollback'
> {
  readonly stages: readonly Stage[];
  /** Absent in journals of older runners: canary. */
  readonly strategy?: App['strategy'];
  readonly database: App['database'];
  readonly smoke: App['smoke'];
  /** Whether images are built by this deployment. */
  readonly build: boolean;
  /** Environment → how long the closer watch lasts. */
  readonly watch: number;
  /** Whether checks run as part of the deployment: they may take as long as it. */
  readonly runsChecks?: boolean;
}

export type PlannedStep = Step | { readonly kind: 'direct'; readonly name: string };

export type Phase =
  | { name: 'validate' }
  | { name: 'preflight' }
  | { name: 'approval'; deadline: number }
  | { name: 'lease' }
  /** Users are sent to the maintenance page, or let in again. */
  | { name: 'maintenance' }
  | { name: 'backup' }
  | { name: 'build' }
  /** Beside the build where the plan says so; `updated`: the stack update ended, its log is being read. */
  | { name: 'migrate'; building: boolean; updated: boolean }
  | { name: 'deploy' }
  | { name: 'probe'; tries: number }
  | { name: 'stage'; index: number; part: 'update' | 'bake'; verdict?: Verdict; promoted?: string }
  /** Paused before a stage began. */
  | { name: 'hold' }
  | { name: 'smoke'; tries: number }
  | { name: 'restore' }
  | { name: 'revert'; part: 'stop' | 'weights' | 'update' | 'verify'; tries: number }
  | { name: 'record'; status: Status }
  | { name: 'halted'; why: string; hint: string; from: PhaseName }
  | { name: 'done'; result: Result };

export type PhaseName = Phase['name'];

/** What a record says. */
export type Status = 'success' | 'rolled_back' | 'failed';

/** How a deployment ended, for the process that ran it. */
export interface Result {
  readonly status: Status | 'refused' | 'superseded';
  /** One sentence. */
  readonly why: string;
  readonly hint?: string;
  /** A person must do something although the deployment is over. */
  readonly attention?: string;
}

export interface Pending {
  readonly effect: Effect;
  /** It must be stopped; what it reports is waited for and decides nothing. */
  cancelled?: true;
}

export interface StageRun {
  readonly name: string;
  readonly wanted: number;
  readonly bake: number;
  readonly startedAt: number;
  bakeFrom?: number;
  endedAt?: number;
  serial?: number;
  /** Shares per service as read back after the update. */
  weights?: LiveShares;
  status: 'running' | 'healthy' | 'failed' | 'aborted';
  /** The verdicts as they changed, the last one included. */
  verdicts: { at: number; verdict: Verdict }[];
  promotedBy?: string;
  totals: Record<string, Totals>;
}

export interface Totals {
  fresh: Sum;
  stable: Sum;
  /** Start of the last window that was added. */
  last: number;
}
export interface Sum {
  requests: number;
  errors: number;
  slow: number;
  p50?: number;
  p95?: number;
}

/** Percent per slot as the load balancer has them; `other`: target groups that belong to neither slot. */
export type LiveShares = Record<string, { blue?: number; green?: number; other?: number }>;

export interface Finding {
  readonly check: string;
  readonly level: 'refuse' | 'warn' | 'note';
  readonly message: string;
  readonly hint?: string;
}

export interface PreflightNotes {
  readonly findings: readonly Finding[];
  readonly commit?: string;
  readonly pendingMigrations: readonly string[];
  readonly destructive: readonly string[];
  /** The release that a rollback would go back to. */
  readonly previous?: { readonly serial: number; readonly version: string; readonly deployment: string };
}

/** What the database command left beside its work; its own fields are kept as they are. */
export type Metadata = Record<string, unknown>;

export interface SmokeCase {
  readonly name: string;
  readonly critical: boolean;
  readonly passed: boolean;
  readonly latencyMs: number;
  readonly why?: string;
}
export interface SmokeOutcome {
  readonly passed: boolean;
  readonly cases: readonly SmokeCase[];
}

export interface Failure {
  readonly phase: PhaseName;
  readonly stage?: string;
  readonly at: number;
  readonly why: string;
  readonly by:
    'gate' | 'health' | 'update' | 'smoke' | 'person' | 'timeout' | 'backup' | 'migration' | 'error';
  readonly details: readonly string[];
}

/** The way back: both times from the decision. */
export interface RollbackRun {
  readonly decidedAt: number;
  readonly why: string;
  readonly by: string;
  weightsRestoredMs?: number;
  recordedMs?: number;
  verified?: boolean;
  problem?: string;
}

export interface RollbackGoal {
  readonly serial: number;
  readonly deployment: string;
  readonly version: string;
  readonly slot: Slot;
  /** Whether that slot is still up, so that traffic alone goes back. */
  readonly warm: SlotName | undefined;
  /** Deployment whose backup holds the data as the goal knew it. */
  readonly backup: string | undefined;
  /** Names of the migrations that are undone on the way, newest first. Absent: none is. */
  readonly undo?: readonly string[];
}

export interface Entry {
  readonly at: number;
  readonly phase: PhaseName;
  readonly what: string;
  readonly tookMs?: number;
  readonly by?: string;
}

export type { MetricWindow, ProbeResult };
