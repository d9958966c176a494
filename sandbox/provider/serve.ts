import { messageOf } from '../../lib/errors.ts';
import {
  PartialFailure,
  type CheckRequest,
  type CreateRequest,
  type DeleteRequest,
  type DiffRequest,
  type InvokeRequest,
  type Provider,
  type ReadRequest,
  type UpdateRequest,
} from './contract.ts';
import type { RemoteFailure } from './remote.ts';

/** One provider call by name, as `remoteProvider` sends it: never throws. Undefined: there is no such method. */
export const serveProvider = async (
  provider: Provider,
  method: string,
  request: unknown,
  signal: AbortSignal,
): Promise<{ ok: true; result: unknown } | { ok: false; failure: RemoteFailure } | undefined> => {
  const run = METHODS[method];
  if (run === undefined) return undefined;
  try {
    return { ok: true, result: (await run(provider, request, signal)) ?? null };
  } catch (error) {
    const message = messageOf(error);
    if (error instanceof PartialFailure)
      return { ok: false, failure: { kind: 'partial', message, id: error.id, outputs: error.outputs } };
    return { ok: false, failure: { kind: 'failed', message } };
  }
};

const METHODS: Readonly<
  Record<string, (provider: Provider, request: unknown, signal: AbortSignal) => Promise<unknown>>
> = {
  check: (p, r) => p.check(r as CheckRequest),
  diff: (p, r) => p.diff(r as DiffRequest),
  create: (p, r, s) => p.create(r as CreateRequest, s),
  read: (p, r) => p.read(r as ReadRequest),
  update: (p, r, s) => p.update(r as UpdateRequest, s),
  delete: (p, r, s) => p.delete(r as DeleteRequest, s),
  invoke: (p, r) => p.invoke(r as InvokeRequest),
};
