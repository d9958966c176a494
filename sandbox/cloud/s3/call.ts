import type { IncomingMessage, ServerResponse } from 'node:http';
import { invalidRequest } from './errors.ts';
import type { FaultState } from './faults.ts';
import type { Bucket } from './store.ts';
import { xmlDocument, type XmlValue } from './xml.ts';

/** One request to a bucket or an object of it. */
export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly query: URLSearchParams;
  readonly bucket: Bucket;
  /** '' for calls on the bucket itself. */
  readonly key: string;
  readonly faults: FaultState;
  readonly now: () => number;
}

export const headerOf = (call: Call, name: string): string | undefined => {
  const value = call.request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
};

export const bypasses = (call: Call): boolean =>
  headerOf(call, 'x-amz-bypass-governance-retention')?.toLowerCase() === 'true';

export const answer = (
  call: Call,
  status: number,
  headers: Readonly<Record<string, string | number>> = {},
): void => {
  call.response.writeHead(status, { ...headers, 'content-length': 0 }).end();
};

export const answerXml = (
  call: Call,
  root: string,
  value: { readonly [element: string]: XmlValue },
  headers: Readonly<Record<string, string>> = {},
): void => answerText(call, xmlDocument(root, value), headers);

export const answerText = (
  call: Call,
  text: string,
  headers: Readonly<Record<string, string>> = {},
  type = 'application/xml',
): void => {
  const body = Buffer.from(text);
  call.response.writeHead(200, { 'content-type': type, ...headers, 'content-length': body.length }).end(body);
};

export const needed = (value: string | null | undefined, what: string): string => {
  if (value === null || value === undefined || value === '') throw invalidRequest(`${what} is missing.`);
  return value;
};
