import type { GateSettings } from '../../../config/types.ts';
import type { Baseline, MetricWindow } from '../../ports/metrics.ts';
import type { ProbeResult } from '../../ports/prober.ts';

/** `pass`: the stage may end. `hold`: wait. `fail`: go back now. */
export type VerdictKind = 'pass' | 'hold' | 'fail';

export interface Verdict {
  readonly verdict: VerdictKind;
  /** One sentence that a person understands. */
  readonly why: string;
  /** What decided: statistics of a metric, hard health evidence, missing data, a budget, or time alone. */
  readonly by: 'errors' | 'latency' | 'health' | 'data' | 'budget' | 'time';
  /** Passed without enough evidence (the policy `onInconclusive` let it). */
  readonly inconclusive: boolean;
  /** The numbers behind it, per service and metric, for the record. Plain JSON. */
  readonly evidence: readonly Evidence[];
  /** When it was given, and after how many events of the gate's log: with it `gate replay` asks again. */
  readonly look?: GateContext & { readonly events: number };
}

export interface Evidence {
  readonly service: string;
  readonly metric: 'errors' | 'latency' | 'health';
  readonly fresh: { readonly requests: number; readonly bad: number };
  readonly stable: { readonly requests: number; readonly bad: number };
  /** Observed ratio of rates, with its interval where one can be given. */
  readonly ratio: number | undefined;
  readonly interval: readonly [number, number] | undefined;
  readonly eValue: number | undefined;
  readonly threshold: number | undefined;
  readonly windows: number;
  readonly skipped: number;
  readonly note: string | undefined;
}

/** Where the release stands when the gate is asked. Times in ms, share in percent. */
export interface GateContext {
  readonly now: number;
  readonly stage: {
    readonly index: number;
    readonly share: number;
    readonly startedAt: number;
    readonly bake: number;
    readonly last: boolean;
    /** Whether a stable version is still served beside the new one. */
    readonly control: boolean;
  };
}

/** Plain JSON: survives `JSON.parse(JSON.stringify(state))` bit for bit. The gate defines its fields. */
export interface GateState {
  readonly format: 1;
  readonly [field: string]: unknown;
}

/** What the gate may be told when it is opened, to choose its window and to speak of versions by name. */
export interface GateAbout {
  /** Share of the first stage, percent; 5 unless told. */
  readonly share?: number;
  /** Names of the versions, as people say them. */
  readonly fresh?: string;
  readonly stable?: string;
}

/** The seam between the release engine and the statistics. All pure. */
export interface Gate {
  /** `services`: those that serve users' requests from both slots. Baselines in windows of `baselineWidth(settings)`. */
  open(
    settings: GateSettings,
    services: readonly string[],
    baselines: Readonly<Record<string, Baseline>>,
    about?: GateAbout,
  ): GateState;
  /** Latency threshold per service in ms, frozen when the gate was opened; undefined: no latency test. */
  thresholds(state: GateState): Readonly<Record<string, number | undefined>>;
  /** Width of the windows to ask for, ms. */
  width(state: GateState): number;
  /** First window that is still of interest (`from >= cursor`), ms. */
  cursor(state: GateState): number;
  /** A new stage begins: shares change, warm-up where there is one. */
  enter(state: GateState, context: GateContext): GateState;
  /** Adding a window twice changes nothing. */
  observe(state: GateState, windows: readonly MetricWindow[]): GateState;
  probed(state: GateState, results: readonly ProbeResult[], failuresInARow: number): GateState;
  judge(state: GateState, context: GateContext): Verdict;
}
