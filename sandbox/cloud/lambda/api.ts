import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { messageOf } from '../../../lib/errors.ts';
import { addressOf, closeServer, serve } from '../balancer/listener.ts';
import { CloudError } from '../options.ts';
import type { AliasSpec, Functions, Version } from './functions.ts';

/** Lambda's own API on loopback, as far as releases use it: the same adapter that talks to AWS talks to it. */
export interface LambdaApi {
  readonly url: string;
  close(): Promise<void>;
}

interface Call {
  readonly functions: Functions;
  readonly name: string;
  readonly rest: string | undefined;
  readonly query: URLSearchParams;
  readonly body: Buffer;
}

type Reply = { readonly status: number; readonly body: unknown; readonly headers?: Record<string, string> };

const PREFIX = '/2015-03-31/functions/';
const LONGEST_BODY = 6 * 1_048_576;
const STATUS: Readonly<Record<string, number>> = {
  ResourceNotFoundException: 404,
  ResourceConflictException: 409,
  RequestTooLargeException: 413,
};

const configuration = (version: Version) => ({
  FunctionName: version.arn.split(':')[6],
  FunctionArn: version.arn,
  Version: version.number,
  Runtime: version.spec.runtime,
  Handler: version.spec.handler,
  Description: version.spec.description,
  MemorySize: version.spec.memory,
  Timeout: version.spec.timeout,
  CodeSha256: version.codeSha256,
  CodeSize: version.codeSize,
  State: 'Active',
  LastUpdateStatus: 'Successful',
});

const aliasOf = (name: string, { arn, version, additional, description }: AliasSpec & { arn: string }) => ({
  AliasArn: arn,
  Name: name,
  FunctionVersion: version,
  Description: description,
  ...(Object.keys(additional).length === 0
    ? {}
    : { RoutingConfig: { AdditionalVersionWeights: additional } }),
});

const json = (body: Buffer): unknown => {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch (error) {
    throw new CloudError('InvalidRequestContentException', messageOf(error));
  }
};

const invoke = async ({ functions, name, query, body }: Call): Promise<Reply> => {
  const done = await functions.invoke(name, query.get('Qualifier') ?? undefined, json(body));
  const shown = done.version.spec.variables['SLUICE_VERSION'];
  return {
    status: 200,
    body: done.body,
    headers: {
      'x-amz-executed-version': done.version.number,
      ...(done.ok ? {} : { 'x-amz-function-error': 'Unhandled' }),
      // Not AWS's: lets the sandbox's users say which release answered them.
      ...(shown === undefined ? {} : { 'x-version': shown }),
    },
  };
};

const updateAlias = ({ functions, name, rest = '', body }: Call): Reply => {
  const change = json(body) as {
    FunctionVersion?: string;
    Description?: string;
    RoutingConfig?: { AdditionalVersionWeights?: Record<string, number> };
  };
  const before = functions.alias(name, rest);
  functions.setAlias(name, rest, {
    version: change.FunctionVersion ?? before.version,
    additional: change.RoutingConfig?.AdditionalVersionWeights ?? before.additional,
    description: change.Description ?? before.description,
  });
  return { status: 200, body: aliasOf(rest, functions.alias(name, rest)) };
};

const CALLS: Readonly<Record<string, (call: Call) => Reply | Promise<Reply>>> = {
  'POST invocations': invoke,
  'GET aliases': ({ functions, name, rest = '' }) => ({
    status: 200,
    body: aliasOf(rest, functions.alias(name, rest)),
  }),
  'PUT aliases': updateAlias,
  'GET versions': ({ functions, name }) => ({
    status: 200,
    body: { Versions: functions.versions(name).map(configuration) },
  }),
  'GET configuration': ({ functions, name, query }) => ({
    status: 200,
    body: configuration(functions.version(name, query.get('Qualifier') ?? undefined)),
  }),
  'DELETE ': async ({ functions, name, query }) => {
    await functions.delete(name, query.get('Qualifier') ?? undefined);
    return { status: 204, body: '' };
  },
};

/** `name`, `name:qualifier` or an ARN with or without a qualifier. */
const parseName = (text: string): { name: string; qualifier: string | undefined } => {
  const parts = text.startsWith('arn:') ? text.split(':').slice(6) : text.split(':');
  return { name: parts[0] ?? '', qualifier: parts[1] };
};

const read = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LONGEST_BODY)
      throw new CloudError('RequestTooLargeException', `more than ${LONGEST_BODY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const handle = async (functions: Functions, request: IncomingMessage): Promise<Reply> => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (!url.pathname.startsWith(PREFIX)) throw new CloudError('UnknownOperationException', url.pathname);
  const [first = '', part = '', last] = url.pathname.slice(PREFIX.length).split('/').map(decodeURIComponent);
  const { name, qualifier } = parseName(first);
  const call = CALLS[`${request.method ?? 'GET'} ${part}`];
  if (call === undefined)
    throw new CloudError('UnknownOperationException', `${request.method} ${url.pathname}`);
  if (qualifier !== undefined) url.searchParams.set('Qualifier', qualifier);
  return call({ functions, name, rest: last, query: url.searchParams, body: await read(request) });
};

const failed = (error: unknown): Reply => {
  const code = error instanceof CloudError ? error.code : 'ServiceException';
  const status = error instanceof CloudError ? (STATUS[code] ?? 400) : 500;
  const body = {
    Type: status < 500 ? 'User' : 'Service',
    Message: messageOf(error),
    message: messageOf(error),
  };
  return { status, body, headers: { 'x-amzn-errortype': code } };
};

const write = (response: ServerResponse, { status, body, headers }: Reply): void => {
  if (response.destroyed) return;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
};

export const startLambdaApi = async (functions: Functions): Promise<LambdaApi> => {
  const server: Server = await serve((request, response) => {
    handle(functions, request).then(
      (reply) => write(response, reply),
      (error: unknown) => write(response, failed(error)),
    );
  });
  return { url: `http://${addressOf(server)}`, close: () => closeServer(server) };
};
