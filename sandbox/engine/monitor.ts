import type { LogRequest } from '@pulumi/pulumi/proto/engine_pb.js';
import type {
  ReadResourceRequest,
  RegisterResourceOutputsRequest,
  RegisterResourceRequest,
  ResourceInvokeRequest,
} from '@pulumi/pulumi/proto/resource_pb.js';
import { ExpectedError, messageOf } from '../../lib/errors.ts';
import { UNKNOWN } from '../provider/contract.ts';
import type { Props } from '../provider/contract.ts';
import { readGoal, unsupported } from './goal.ts';
import { settled } from './guard.ts';
import { Halted } from './failure.ts';
import { referenceOutputs } from './reference.ts';
import type { Registrar } from './register.ts';
import type { Run } from './run.ts';
import type { MonitorMethods, Sdk } from './sdk.ts';
import { markNamed, unwrapProps } from './values.ts';
import { REFERENCE_TYPE } from './urn.ts';

type Callback = (error: unknown, response?: unknown) => void;

const FEATURES = ['SECRETS', 'DELETED_WITH', 'ALIAS_SPECS'] as const;

/** What the SDK reads from a struct of a response. */
const struct = (props: Props): { toJavaScript(): Props } => ({ toJavaScript: () => props });
const props = (value: { toJavaScript(): unknown } | undefined): Props =>
  (value?.toJavaScript() ?? {}) as Props;

const registered = (urn: string, id: string, outputs: Props): unknown => ({
  getUrn: () => urn,
  getId: () => id,
  getObject: () => struct(outputs),
  getPropertydependenciesMap: () => undefined,
  getResult: () => 0,
  getUnknown: () => false,
});

const invoke = async (run: Run, request: ResourceInvokeRequest): Promise<unknown> => {
  const token = request.getTok();
  if (token.startsWith('pulumi:')) throw unsupported(`the function ${token}`, 'invoke');
  if (request.getPackageref() !== '') throw unsupported('parameterized packages', token);
  run.check();
  const answer = await run.options.provider.invoke({ token, args: unwrapProps(props(request.getArgs())) });
  return {
    getReturn: () => struct(answer.result),
    getFailuresList: () =>
      answer.failures.map((f) => ({ getProperty: () => f.property, getReason: () => f.reason })),
    getUnknown: () => false,
  };
};

/** A failed function call is the program's to handle, as with the real engine. */
const answerInvoke = (run: Run, request: ResourceInvokeRequest, callback: Callback): void => {
  if (run.failure !== undefined) return;
  const respond = async (): Promise<void> => {
    let response: unknown;
    try {
      response = await invoke(run, request);
    } catch (error) {
      if (error instanceof ExpectedError || error instanceof Halted) throw error;
      if (run.failure === undefined)
        callback({ code: 2, details: `${request.getTok()}: ${messageOf(error)}` });
      return;
    }
    if (run.failure === undefined) callback(undefined, response);
  };
  run.follow(respond());
};

const read = async (run: Run, registrar: Registrar, request: ReadResourceRequest): Promise<unknown> => {
  const type = request.getType();
  const id = request.getId();
  const identity = { type, id, name: request.getName(), parent: request.getParent() };
  if (request.getPackageref() !== '') throw unsupported('parameterized packages', request.getName());
  const inputs = props(request.getProperties());
  const secretNames = request.getAdditionalsecretoutputsList();
  const extra = {
    inputs,
    dependencies: request.getDependenciesList(),
    provider: request.getProvider(),
    additionalSecretOutputs: secretNames,
  };
  const state = await registrar.read(identity, extra, async ({ urn }) => {
    if (type === REFERENCE_TYPE) return { id, inputs, outputs: await referenceOutputs(run, id) };
    if (id === UNKNOWN) return { id: '', inputs, outputs: {} };
    const answer = await run.handler(type).read({ urn, type, id, inputs: unwrapProps(inputs), outputs: {} });
    if (answer.id === '') throw new Error(`there is no resource with the id '${id}'`);
    return { ...answer, outputs: markNamed(answer.outputs, secretNames) };
  });
  return { getUrn: () => state.urn, getProperties: () => struct(state.outputs), getUnknown: () => false };
};

/**
 * The engine's side of the SDK's calls. A call that fails stops the run and is never answered: an answer would send
 * the error through every output of the program and end in a dozen rejections.
 */
export const monitorOf = (run: Run, registrar: Registrar, sdk: Sdk): MonitorMethods => {
  const answer = (callback: Callback, work: () => Promise<unknown>): void => {
    if (run.failure !== undefined) return;
    const respond = async (): Promise<void> => {
      const response = await work();
      if (run.failure === undefined) callback(undefined, response);
    };
    run.follow(respond());
  };
  const known: Record<string, (request: unknown, callback: Callback) => void> = {
    getDeploymentInfo: (_, callback) =>
      callback(undefined, { getSupportedfeaturesList: () => FEATURES.map((name) => sdk.feature(name)) }),
    registerResource: (request, callback) =>
      answer(callback, async () => {
        const goal = readGoal(request as RegisterResourceRequest);
        const state = await registrar.register(goal);
        return registered(state.urn, state.id, state.custom ? state.outputs : {});
      }),
    registerResourceOutputs: (request, callback) =>
      answer(callback, async () => {
        const given = request as RegisterResourceOutputsRequest;
        // The SDK registers empty outputs for a program that just threw: the failure is known one turn later.
        if (registrar.isStack(given.getUrn())) await settled();
        run.check();
        registrar.registerOutputs(given.getUrn(), props(given.getOutputs()));
        return {};
      }),
    readResource: (request, callback) =>
      answer(callback, () => read(run, registrar, request as ReadResourceRequest)),
    invoke: (request, callback) => answerInvoke(run, request as ResourceInvokeRequest, callback),
    signalAndWaitForShutdown: (_, callback) => callback(undefined, {}),
  };
  const refuse = (name: string) => (): void =>
    run.halt('refused', unsupported(`the call ${name}`, 'from the program'));
  return Object.fromEntries(sdk.calls.map((name) => [name, known[name] ?? refuse(name)]));
};

/** Severities on the wire; 0 is debug. */
const INFO = 1;
const WARNING = 2;

/** Messages from the program. Debug messages hold secrets in clear and are dropped. */
export const engineOf = (run: Run): MonitorMethods => ({
  log: (request, callback) => {
    const message = request as LogRequest;
    const severity: number = message.getSeverity();
    if (severity >= INFO && !message.getEphemeral()) {
      const level = severity === INFO ? 'info' : severity === WARNING ? 'warning' : 'error';
      run.report.diagnostic(level, message.getUrn(), message.getMessage());
      // `log.error` fails the update, as with the real engine.
      if (level === 'error') run.halt('program', new Error(message.getMessage()));
    }
    callback(undefined, {});
  },
  setRootResource: (_, callback) => callback(undefined, {}),
  getRootResource: (_, callback) => callback(undefined, { getUrn: () => '' }),
  requirePulumiVersion: (_, callback) => callback(undefined, {}),
});
