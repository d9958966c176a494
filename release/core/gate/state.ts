import { copyMetric, openMetric, type MetricState } from './metric.ts';
import type { GateTerms } from './terms.ts';
import type { GateContext, GateState } from './types.ts';

export type GateStage = GateContext['stage'];

/** One window as it is kept: start, then requests, errors and slow requests of the new and of the stable version. */
export type PackedWindow = readonly [
  from: number,
  requestsFresh: number,
  errorsFresh: number,
  slowFresh: number,
  requestsStable: number,
  errorsStable: number,
  slowStable: number,
  /** 1: the source had data of the new version, 2: of the stable one, 3: of both. */
  seen: number,
];

/** What a stage has shown of one service. */
export interface StageCounts {
  /** Position in `State.stages`; -1 before the first. */
  readonly stage: number;
  requestsFresh: number;
  errorsFresh: number;
  slowFresh: number;
  requestsStable: number;
  windows: number;
}

/** Failed requests of the new version that the stable version would not have failed. */
export interface Cost {
  /** Mantel-Haenszel sums over windows with both versions. */
  both: number;
  cross: number;
  variance: number;
  requestsFresh: number;
  /** Where no stable version is beside it: against the highest rate known. */
  alone: number;
  aloneVariance: number;
  requests: number;
  windows: number;
}

export interface HealthState {
  readonly row: number;
  readonly probes: number;
  readonly bad: number;
  /** Time of the last probe that was counted. */
  readonly at: number;
  readonly failed: { readonly at: number; readonly reason: string; readonly row: number } | null;
}

export interface ServiceState {
  /** Start of the window that is to come next; -1 before the first stage. */
  next: number;
  /** Windows that came before an earlier one: in order. */
  readonly pending: PackedWindow[];
  /** Starts of windows that were given up, the latest ones: should they come, they are too late. */
  readonly missed: number[];
  missing: number;
  late: number;
  warmup: number;
  mixed: number;
  /** End of the last window with any data. */
  dataAt: number;
  /** Half of the requests that should have reached a version, since it last had one. */
  unrouted: number;
  unmatched: number;
  /** Start of the first window of those without any data of the new version; -1 while it has some. */
  unseenFrom: number;
  stage: StageCounts;
  readonly cost: Cost;
  readonly errors: MetricState | null;
  readonly latency: MetricState | null;
  health: HealthState;
}

export interface State extends GateState {
  readonly terms: GateTerms;
  readonly stages: readonly GateStage[];
  /** Start of the first window that counts in the tests. */
  readonly first: number;
  readonly services: Readonly<Record<string, ServiceState>>;
  readonly log: { readonly text: string; readonly events: number; readonly full: boolean };
}

export const emptyStage = (stage: number): StageCounts => ({
  stage,
  requestsFresh: 0,
  errorsFresh: 0,
  slowFresh: 0,
  requestsStable: 0,
  windows: 0,
});

const emptyCost = (): Cost => ({
  both: 0,
  cross: 0,
  variance: 0,
  requestsFresh: 0,
  alone: 0,
  aloneVariance: 0,
  requests: 0,
  windows: 0,
});

export const startState = (terms: GateTerms): State => {
  const services: Record<string, ServiceState> = {};
  for (const [name, service] of Object.entries(terms.services)) {
    services[name] = {
      next: -1,
      pending: [],
      missed: [],
      missing: 0,
      late: 0,
      warmup: 0,
      mixed: 0,
      dataAt: 0,
      unrouted: 0,
      unmatched: 0,
      unseenFrom: -1,
      stage: emptyStage(-1),
      cost: emptyCost(),
      errors: service.errors && openMetric(terms, service.errors),
      latency: service.latency && openMetric(terms, service.latency),
      health: { row: 0, probes: 0, bad: 0, at: 0, failed: null },
    };
  }
  const log = { text: '', events: 0, full: false };
  return { format: 1, terms, stages: [], first: 0, services, log };
};

/** A copy that may be changed in place. */
export const copyService = (service: ServiceState): ServiceState => ({
  ...service,
  pending: [...service.pending],
  missed: [...service.missed],
  stage: { ...service.stage },
  cost: { ...service.cost },
  errors: service.errors && copyMetric(service.errors),
  latency: service.latency && copyMetric(service.latency),
});

/** The gate's own view of a state that others keep. A foreign format is a bug of the caller. */
export const stateOf = (state: GateState): State => {
  if (state.format !== 1) throw new TypeError(`gate state of format ${String(state.format)}, expected 1`);
  return state as State;
};
