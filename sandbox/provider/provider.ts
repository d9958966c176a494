import type { Faults } from '../cloud/faults.ts';
import { checkInputs } from './check.ts';
import type { Provider } from './contract.ts';
import { diffInputs } from './diff.ts';
import type { Call, Handler } from './handler.ts';
import { invoke, type InvokeParts } from './invokes.ts';
import { generalHandler } from './types/kept.ts';

export interface ProviderParts extends InvokeParts {
  readonly handlers: ReadonlyMap<string, Handler>;
  readonly faults: Faults;
}

/** Old and second names of types: one handler for both. */
const canonical = (type: string): string =>
  type
    .replace(/^aws:(?:alb|applicationloadbalancing|elasticloadbalancingv2)\//, 'aws:lb/')
    .replace(/^aws:s3\/(bucket[A-Za-z]*?)V2:(Bucket[A-Za-z]*?)V2$/, 'aws:s3/$1:$2')
    .replace(/^aws:s3\/bucketObject(?:v2)?:BucketObject(?:v2)?$/, 'aws:s3/bucketObjectv2:BucketObjectv2');

/** The sandbox's resource handlers behind the contract that both engines speak. Previews never act. */
export const createProvider = (parts: ProviderParts): Provider => {
  const handlerOf = (type: string): Handler =>
    parts.handlers.get(canonical(type)) ?? generalHandler(type, parts.ids);
  const callOf = (request: { urn: string; type: string; timeout?: number }, signal?: AbortSignal): Call => ({
    urn: request.urn,
    type: request.type,
    name: request.urn.split('::').at(-1) ?? '',
    timeout: request.timeout ?? 0,
    signal,
  });
  return {
    check: (request) => Promise.resolve(checkInputs(handlerOf(request.type), request)),
    diff: (request) => Promise.resolve(diffInputs(handlerOf(request.type), request)),
    create: async (request, signal) => {
      if (request.preview) return { id: '', outputs: request.inputs };
      await parts.faults.meet('create', request.type, request.urn, signal);
      return handlerOf(request.type).create(request.inputs, callOf(request, signal));
    },
    read: async (request) => {
      const { id, inputs, outputs } = request;
      const handler = handlerOf(request.type);
      return (await handler.read?.({ ...callOf(request), id, inputs, outputs })) ?? { id, inputs, outputs };
    },
    update: async (request, signal) => {
      const { id, olds, oldInputs, news } = request;
      if (request.preview) return { outputs: { ...olds, ...news } };
      await parts.faults.meet('update', request.type, request.urn, signal);
      const handler = handlerOf(request.type);
      const call = { ...callOf(request, signal), id, olds, oldInputs };
      return { outputs: (await handler.update?.(news, call)) ?? withoutDropped(olds, oldInputs, news) };
    },
    delete: async (request, signal) => {
      await parts.faults.meet('delete', request.type, request.urn, signal);
      const { id, outputs } = request;
      await handlerOf(request.type).delete?.({ ...callOf(request, signal), id, inputs: outputs, outputs });
    },
    invoke: ({ token, args }) => invoke(token, args, parts),
  };
};

/** The old outputs with the new inputs; what was an input and is none any more goes. */
const withoutDropped = (
  olds: Record<string, unknown>,
  oldInputs: Record<string, unknown>,
  news: Record<string, unknown>,
): Record<string, unknown> => {
  const kept = Object.entries(olds).filter(([key]) => !(key in oldInputs) || key in news);
  return { ...Object.fromEntries(kept), ...news };
};
