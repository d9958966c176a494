export interface Counts {
  readonly requests: number;
  /** 5xx and connections that failed. */
  readonly errors: number;
  /** Requests slower than the query's threshold for the service. */
  readonly slow: number;
  /** Approximate quantiles in milliseconds, for people; undefined without requests. */
  readonly p50?: number;
  readonly p95?: number;
}

/** One closed window of one service: both versions side by side, as observed at the load balancer. */
export interface MetricWindow {
  readonly service: string;
  /** Start of the window, ms, a multiple of the width: adding a window twice can be recognised. */
  readonly from: number;
  readonly to: number;
  readonly fresh: Counts;
  readonly stable: Counts;
  /** Whether the source had any data at all for each side (zero counts with data are real zeros). */
  readonly seen: { readonly fresh: boolean; readonly stable: boolean };
}

export interface MetricQuery {
  /** Per service: target groups of the new and the stable version, and the latency threshold in ms. */
  readonly services: Readonly<
    Record<
      string,
      {
        readonly fresh: string;
        readonly stable: string | undefined;
        readonly slowerThanMs: number | undefined;
      }
    >
  >;
  /** Windows with `from >= since` are wanted. */
  readonly since: number;
  readonly widthMs: number;
}

/** Taken from the stable version before a release. */
export interface Baseline {
  readonly requests: number;
  readonly errors: number;
  readonly seconds: number;
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  readonly p99: number | undefined;
  /** Error counts of past windows of the gate's width, oldest first. */
  readonly errorWindows: readonly number[];
  /** The same for requests slower than the latency threshold, where the source can tell. */
  readonly slowWindows?: readonly number[];
}

export interface MetricSource {
  /** Closed windows, oldest first; late data may appear in a later call, so callers keep a cursor. */
  windows(query: MetricQuery): Promise<readonly MetricWindow[]>;
  baseline(
    targetGroups: Readonly<Record<string, string>>,
    lookbackMs: number,
    widthMs: number,
  ): Promise<Readonly<Record<string, Baseline>>>;
}
