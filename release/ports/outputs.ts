import type { Release } from '../../config/release.types.ts';
import { refused } from '../../lib/errors.ts';
import type { RoutingOutput, StackOutputs } from './stack.ts';

/** An output of a stack as an engine gives it; `secret`: it is one, or has one inside. */
export type RawOutputs = Readonly<Record<string, { readonly value: unknown; readonly secret: boolean }>>;

/** Configuration key of the release, in every engine. */
export const RELEASE_KEY = 'sluice:release';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The outputs that the release engine works with, from either engine; undefined while the program has not exported
 * them yet. Throws (exit 3) when they are there and cannot be used.
 */
export const parseOutputs = (outputs: RawOutputs | undefined): StackOutputs | undefined => {
  const url = outputs?.['url']?.value;
  if (outputs === undefined || url === undefined) return undefined;
  if (outputs['release']?.secret === true)
    throw refused(
      'the output `release` of this stack contains a secret',
      'put references into it, not values',
    );
  const routing = outputs['routing']?.value;
  const buckets = outputs['buckets']?.value;
  const cluster = outputs['cluster']?.value;
  if (typeof url !== 'string' || !isRecord(routing) || !isRecord(buckets))
    throw refused(
      'this stack exports no `url`, `routing` and `buckets` that a release can be driven by',
      'is this the program in infra/? Run an update of it first',
    );
  return {
    release: outputs['release']?.value as Release | undefined,
    url,
    routing: routing as unknown as RoutingOutput,
    buckets: buckets as unknown as StackOutputs['buckets'],
    ...(typeof cluster === 'string' ? { cluster } : {}),
  };
};

/** The same after an update, which must have left them. */
export const requireOutputs = (outputs: RawOutputs | undefined): StackOutputs => {
  const parsed = parseOutputs(outputs);
  if (parsed !== undefined) return parsed;
  throw refused(
    'the program exported no outputs that a release can be driven by',
    'export url, routing and buckets',
  );
};

/** Preview tokens per slot, from the value of the secret output of that name. */
export const parseTokens = (value: unknown): Record<string, string> =>
  isRecord(value)
    ? Object.fromEntries(Object.entries(value).filter((p): p is [string, string] => typeof p[1] === 'string'))
    : {};

/** The release that an update of history was configured with; undefined when it carried on, or cannot be read. */
export const parseHistoricRelease = (text: string | undefined): Release | undefined => {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Release;
  } catch {
    return undefined;
  }
};
