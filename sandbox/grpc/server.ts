import * as grpc from '@grpc/grpc-js';
import plugin from '@pulumi/pulumi/proto/plugin_pb.js';
import services from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import messages from '@pulumi/pulumi/proto/provider_pb.js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';
import struct from 'google-protobuf/google/protobuf/struct_pb.js';
import type { DiffKind, Props, Provider } from '../provider/contract.ts';
import { answer, type Answer } from './answer.ts';

/**
 * The sandbox's handlers behind Pulumi's provider protocol, for the real engine
 * (`PULUMI_DEBUG_PROVIDERS=aws:PORT,github:PORT,docker:PORT,command:PORT`). One server serves all packages: later
 * requests name no provider instance, only the resource. Secrets never reach a handler (`acceptSecrets: false`):
 * the engine unwraps them and marks outputs at the same paths again.
 */
export interface ProviderServer {
  readonly port: number;
  close(): void;
}

const KINDS: Record<DiffKind, messages.PropertyDiff.Kind> = {
  add: messages.PropertyDiff.Kind.ADD,
  'add-replace': messages.PropertyDiff.Kind.ADD_REPLACE,
  delete: messages.PropertyDiff.Kind.DELETE,
  'delete-replace': messages.PropertyDiff.Kind.DELETE_REPLACE,
  update: messages.PropertyDiff.Kind.UPDATE,
  'update-replace': messages.PropertyDiff.Kind.UPDATE_REPLACE,
};

const props = (value: struct.Struct | undefined): Props => value?.toJavaScript() ?? {};
const toStruct = (value: Props): struct.Struct =>
  struct.Struct.fromJavaScript(value as Record<string, struct.JavaScriptValue>);

const failuresOf = (failures: readonly { property: string; reason: string }[]) =>
  failures.map((f) => {
    const failure = new messages.CheckFailure();
    failure.setProperty(f.property);
    failure.setReason(f.reason);
    return failure;
  });

/** Requests that only say who is there. */
const greetings = (version: string) => ({
  attach: answer(() => Promise.resolve(new empty.Empty())),
  getPluginInfo: answer(() => {
    const info = new plugin.PluginInfo();
    info.setVersion(version);
    return Promise.resolve(info);
  }),
  checkConfig: answer((request: messages.CheckRequest) => {
    const response = new messages.CheckResponse();
    response.setInputs(request.getNews());
    return Promise.resolve(response);
  }),
  diffConfig: answer(() => {
    const response = new messages.DiffResponse();
    response.setChanges(messages.DiffResponse.DiffChanges.DIFF_NONE);
    return Promise.resolve(response);
  }),
  configure: answer(() => {
    const response = new messages.ConfigureResponse();
    response.setAcceptsecrets(false);
    response.setSupportspreview(true);
    response.setAcceptresources(false);
    return Promise.resolve(response);
  }),
  // Sent at the end of every run, also of one that went well: calls are cancelled by their own connection instead.
  cancel: answer(() => Promise.resolve(new empty.Empty())),
});

const reading = (provider: Provider) => ({
  check: answer(async (request: messages.CheckRequest) => {
    const { inputs, failures } = await provider.check({
      urn: request.getUrn(),
      type: request.getType(),
      olds: props(request.getOlds()),
      news: props(request.getNews()),
      randomSeed: request.getRandomseed_asB64(),
    });
    const response = new messages.CheckResponse();
    response.setInputs(toStruct(inputs));
    response.setFailuresList(failuresOf(failures));
    return response;
  }),
  diff: answer(async (request: messages.DiffRequest) => {
    const result = await provider.diff({
      urn: request.getUrn(),
      type: request.getType(),
      id: request.getId(),
      olds: props(request.getOlds()),
      oldInputs: props(request.getOldInputs()),
      news: props(request.getNews()),
      ignoreChanges: request.getIgnorechangesList(),
    });
    const response = new messages.DiffResponse();
    const { DIFF_SOME, DIFF_NONE } = messages.DiffResponse.DiffChanges;
    response.setChanges(result.changes ? DIFF_SOME : DIFF_NONE);
    response.setReplacesList(result.replaces);
    response.setDeletebeforereplace(result.deleteBeforeReplace);
    response.setHasdetaileddiff(true);
    for (const [path, { kind }] of Object.entries(result.detailed)) {
      const detail = new messages.PropertyDiff();
      detail.setKind(KINDS[kind]);
      detail.setInputdiff(true);
      response.getDetaileddiffMap().set(path, detail);
    }
    response.setDiffsList([...new Set(Object.keys(result.detailed).map((p) => p.split(/[.[]/)[0] ?? p))]);
    return response;
  }),
  read: answer(async (request: messages.ReadRequest) => {
    const result = await provider.read({
      urn: request.getUrn(),
      type: request.getType(),
      id: request.getId(),
      inputs: props(request.getInputs()),
      outputs: props(request.getProperties()),
    });
    const response = new messages.ReadResponse();
    response.setId(result.id);
    response.setInputs(toStruct(result.inputs));
    response.setProperties(toStruct(result.outputs));
    return response;
  }),
  invoke: answer(async (request: messages.InvokeRequest) => {
    const { result, failures } = await provider.invoke({
      token: request.getTok(),
      args: props(request.getArgs()),
    });
    const response = new messages.InvokeResponse();
    response.setReturn(toStruct(result));
    response.setFailuresList(failuresOf(failures));
    return response;
  }),
});

const acting = (provider: Provider) => ({
  create: answer(async (request: messages.CreateRequest, signal: AbortSignal) => {
    const preview = request.getPreview();
    const { id, outputs } = await provider.create(
      {
        urn: request.getUrn(),
        type: request.getType(),
        inputs: props(request.getProperties()),
        preview,
        timeout: request.getTimeout(),
      },
      signal,
    );
    const response = new messages.CreateResponse();
    response.setId(preview ? '' : id);
    response.setProperties(toStruct(outputs));
    return response;
  }),
  update: answer(async (request: messages.UpdateRequest, signal: AbortSignal) => {
    const { outputs } = await provider.update(
      {
        urn: request.getUrn(),
        type: request.getType(),
        id: request.getId(),
        olds: props(request.getOlds()),
        oldInputs: props(request.getOldInputs()),
        news: props(request.getNews()),
        preview: request.getPreview(),
        timeout: request.getTimeout(),
      },
      signal,
    );
    const response = new messages.UpdateResponse();
    response.setProperties(toStruct(outputs));
    return response;
  }),
  delete: answer(async (request: messages.DeleteRequest, signal: AbortSignal) => {
    await provider.delete(
      {
        urn: request.getUrn(),
        type: request.getType(),
        id: request.getId(),
        outputs: props(request.getProperties()),
        timeout: request.getTimeout(),
      },
      signal,
    );
    return new empty.Empty();
  }),
});

/** Starts the server on a free loopback port. `version` is what the engine shows as the plugins' version. */
export const serveProvider = async (provider: Provider, version: string): Promise<ProviderServer> => {
  // Messages of a whole program's state pass through: the default of 4 MB is too small for large stacks.
  const limit = 400 * 1024 * 1024;
  const server = new grpc.Server({
    'grpc.max_receive_message_length': limit,
    'grpc.max_send_message_length': limit,
  });
  const implementation: Record<string, Answer> = {
    ...greetings(version),
    ...reading(provider),
    ...acting(provider),
  };
  server.addService(services.ResourceProviderService, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return {
    port,
    close: () => {
      server.forceShutdown();
    },
  };
};
