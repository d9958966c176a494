/** `sluice:app.lambda`: the application's services are functions of AWS Lambda. Durations are milliseconds. */
export interface LambdaTarget {
  readonly kind: 'lambda';
  /** Bucket with the artifacts, the same for every environment: `<service>/<sha256>.zip`, `<service>/<version>.json`. */
  readonly artifacts: string;
  /** Name of the alias that users call. */
  readonly alias: string;
}

/** What of a service only Lambda understands; a slot's frozen copy has the same shape. */
export interface FunctionSettings {
  /** e.g. `nodejs22.x`. */
  readonly runtime: string;
  /** `file.export`, e.g. `index.handler`. */
  readonly handler: string;
  readonly architecture: 'arm64' | 'x86_64';
  /** Longest run, ms, whole seconds. */
  readonly timeout: number;
  /** Payloads of this environment: what must be answered before users reach a version, and again behind the alias. */
  readonly tests: readonly FunctionTest[];
}

export interface FunctionTest {
  readonly name: string;
  /** Any JSON. */
  readonly payload: unknown;
  /** The answer holds at least this: maps may have more keys, everything else is equal. Undefined: any answer. */
  readonly expect?: unknown;
  /** Longest answer time, ms. */
  readonly within: number;
}
