import { createRequire } from 'node:module';

/**
 * The one place that knows the inside of `@pulumi/pulumi`. Public: `runtime.setMockOptions`, `setAllConfig`,
 * `runInPulumiStack`. Internal: the files named here. `test/sandbox/engine/sdk.test.ts` pins their shape.
 */
export const KNOWN_SDK = '3.270.0';

const INTERNAL = {
  version: '@pulumi/pulumi/version.js',
  state: '@pulumi/pulumi/runtime/state.js',
  settings: '@pulumi/pulumi/runtime/settings.js',
  config: '@pulumi/pulumi/runtime/config.js',
  stack: '@pulumi/pulumi/runtime/stack.js',
  log: '@pulumi/pulumi/log/index.js',
  debuggable: '@pulumi/pulumi/runtime/debuggable.js',
  resource: '@pulumi/pulumi/resource.js',
  proto: '@pulumi/pulumi/proto/resource_pb.js',
  service: '@pulumi/pulumi/proto/resource_grpc_pb.js',
} as const;

type Call = (request: unknown, callback: (error: unknown, response?: unknown) => void) => void;
export type MonitorMethods = Readonly<Record<string, Call>>;

/** What the SDK keeps per run. One of these a run is the whole reset. */
export interface RunStore {
  readonly settings: { engine?: unknown };
}

export interface RunSettings {
  readonly project: string;
  readonly stack: string;
  readonly organization: string;
  readonly preview: boolean;
  readonly config: Readonly<Record<string, string>>;
  readonly secretKeys: readonly string[];
  readonly monitor: MonitorMethods;
  readonly engine: MonitorMethods;
}

export interface Sdk {
  readonly version: string;
  /** Names of every call a monitor may get. */
  readonly calls: readonly string[];
  /** Feature numbers for `getDeploymentInfo`. */
  feature(name: string): number;
  /** Runs `body` with its own settings; `entered` gets the store that names the run. */
  inRun<T>(settings: RunSettings, entered: (store: object) => void, body: () => Promise<T>): Promise<T>;
  /** The store of the run that the caller belongs to. */
  currentRun(): object | undefined;
  runProgram(program: () => Promise<unknown>): Promise<unknown>;
  waitForCalls(): Promise<void>;
}

const changed = (what: string, version: string): Error =>
  new Error(
    `the embedded engine knows @pulumi/pulumi ${KNOWN_SDK}, and ${version} is installed, where ${what}. ` +
      `Pin ${KNOWN_SDK}, or adapt sandbox/engine/sdk.ts.`,
  );

interface Shapes {
  withLocalStorage(body: () => Promise<unknown>): Promise<unknown>;
  getStore(): RunStore;
  getLocalStore(): object | undefined;
  setMockOptions(
    monitor: unknown,
    project: string,
    stack: string,
    preview: boolean,
    organization: string,
  ): void;
  waitForRPCs(): Promise<void>;
  setAllConfig(config: Readonly<Record<string, string>>, secretKeys: readonly string[]): void;
  runInPulumiStack(program: () => Promise<unknown>): Promise<unknown>;
}

interface Functions extends Shapes {
  debug(...args: unknown[]): unknown;
  debuggablePromise(promise: Promise<unknown>, context: unknown): Promise<unknown>;
}

/** Loads the SDK (the slow part of a cold start) and checks that it is the one this engine knows. */
export const loadSdk = (): Sdk => (loaded ??= load());
let loaded: Sdk | undefined;

const load = (): Sdk => {
  const require = createRequire(import.meta.url);
  const read = (path: string): Record<string, unknown> => require(path) as Record<string, unknown>;
  const version = String(read(INTERNAL.version)['version']);
  const pick = (file: keyof typeof INTERNAL, name: string): unknown => {
    let value: unknown;
    try {
      value = read(INTERNAL[file])[name];
    } catch {
      throw changed(`${INTERNAL[file]} is missing`, version);
    }
    if (value === undefined) throw changed(`${INTERNAL[file]} has no ${name}`, version);
    return value;
  };
  const fn = <K extends keyof Functions>(file: keyof typeof INTERNAL, name: K): Functions[K] => {
    const value = pick(file, name);
    if (typeof value !== 'function') throw changed(`${INTERNAL[file]} has no function ${name}`, version);
    return value as Functions[K];
  };
  const sdk: Shapes = {
    withLocalStorage: fn('state', 'withLocalStorage'),
    getStore: fn('state', 'getStore'),
    getLocalStore: fn('state', 'getLocalStore'),
    setMockOptions: fn('settings', 'setMockOptions'),
    waitForRPCs: fn('settings', 'waitForRPCs'),
    setAllConfig: fn('config', 'setAllConfig'),
    runInPulumiStack: fn('stack', 'runInPulumiStack'),
  };
  const runs = new WeakSet<object>();
  const ours = (): boolean => {
    const store = sdk.getLocalStore();
    return store !== undefined && runs.has(store);
  };
  quieten(read(INTERNAL.log), fn('log', 'debug'), pick('resource', 'Resource'), ours, version);
  trust(read(INTERNAL.debuggable), fn('debuggable', 'debuggablePromise'), ours);
  const features = pick('proto', 'ResourceMonitorFeature') as Record<string, number>;
  const service = pick('service', 'ResourceMonitorService') as Record<string, unknown>;
  return {
    version,
    calls: Object.keys(service),
    feature: (name) => {
      const number = features[`RESOURCE_MONITOR_FEATURE_${name}`];
      if (number === undefined) throw changed(`there is no monitor feature ${name}`, version);
      return number;
    },
    inRun: async <T>(settings: RunSettings, entered: (store: object) => void, body: () => Promise<T>) =>
      (await sdk.withLocalStorage(async () => {
        const { project, stack, preview, organization } = settings;
        sdk.setMockOptions(settings.monitor, project, stack, preview, organization);
        sdk.setAllConfig(settings.config, settings.secretKeys);
        const store = sdk.getStore();
        store.settings.engine = settings.engine;
        runs.add(store);
        entered(store);
        return body();
      })) as T,
    currentRun: () => sdk.getLocalStore(),
    runProgram: (program) => sdk.runInPulumiStack(program),
    waitForCalls: () => sdk.waitForRPCs(),
  };
};

/**
 * Inside an embedded run two services of the SDK that nobody reads are left out: debug messages (which would hold
 * secrets in clear) and source positions (a whole stack trace per resource). Elsewhere they work as ever.
 */
const quieten = (
  log: Record<string, unknown>,
  debug: Functions['debug'],
  resourceClass: unknown,
  ours: () => boolean,
  version: string,
): void => {
  log['debug'] = (...args: unknown[]): unknown => (ours() ? Promise.resolve() : debug(...args));
  const resource = resourceClass as { stackTrace?: (skip: number) => unknown[] };
  const stackTrace = resource.stackTrace;
  if (stackTrace === undefined) throw changed('Resource.stackTrace is missing', version);
  resource.stackTrace = (skip) => (ours() ? [] : stackTrace.call(resource, skip));
};

/**
 * The SDK wraps four promises for each property of each resource, to name at exit those that never settled. A run
 * that was stopped leaves some open on purpose, and the wrapping is a third of a large program's memory.
 */
const trust = (
  debuggable: Record<string, unknown>,
  debuggablePromise: Functions['debuggablePromise'],
  ours: () => boolean,
): void => {
  debuggable['debuggablePromise'] = (promise: Promise<unknown>, context: unknown): Promise<unknown> =>
    ours() ? promise : debuggablePromise(promise, context);
};
