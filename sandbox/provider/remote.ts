import { Pool } from 'undici';
import { PartialFailure, type Props, type Provider } from './contract.ts';

/** What a provider call answers over HTTP when it failed. */
export interface RemoteFailure {
  readonly kind: 'failed' | 'partial';
  readonly message: string;
  readonly id?: string;
  readonly outputs?: Props;
}
type Answer =
  { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly failure: RemoteFailure };

const CONNECTIONS = 64;

export interface RemoteProvider extends Provider {
  close(): Promise<void>;
}

/** A provider that runs in the sandbox daemon. Aborting a call aborts it there, too. */
export const remoteProvider = (url: string, token: string): RemoteProvider => {
  // A create may wait minutes for a service: no time limits here, the provider has its own.
  const pool = new Pool(url, { connections: CONNECTIONS, headersTimeout: 0, bodyTimeout: 0 });
  const call = async (method: string, request: object, signal?: AbortSignal): Promise<unknown> => {
    const response = await pool.request({
      path: `/provider/${method}`,
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(request),
      ...(signal === undefined ? {} : { signal }),
    });
    if (response.statusCode !== 200)
      throw new Error(
        `the sandbox answered ${response.statusCode} to ${method}: ${await response.body.text()}`,
      );
    const answer = (await response.body.json()) as Answer;
    if (answer.ok) return answer.result;
    const { kind, message, id = '', outputs = {} } = answer.failure;
    throw kind === 'partial' ? new PartialFailure(message, id, outputs) : new Error(message);
  };
  const of =
    <Method extends keyof Provider>(method: Method) =>
    (request: Parameters<Provider[Method]>[0], signal?: AbortSignal) =>
      call(method, request, signal) as ReturnType<Provider[Method]>;
  return {
    check: of('check'),
    diff: of('diff'),
    create: of('create'),
    read: of('read'),
    update: of('update'),
    delete: of('delete'),
    invoke: of('invoke'),
    close: () => pool.destroy(),
  };
};
