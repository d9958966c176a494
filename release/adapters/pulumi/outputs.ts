import type { Release } from '../../../config/release.types.ts';
import { refused } from '../../../lib/errors.ts';
import type { RoutingOutput, StackOutputs } from '../../ports/stack.ts';

/** An output of a stack as an engine gives it. */
export type RawOutputs = Readonly<Record<string, { readonly value: unknown; readonly secret: boolean }>>;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The outputs the release engine works with; undefined while the program has not exported them yet. */
export const parseOutputs = (outputs: RawOutputs): StackOutputs | undefined => {
  const url = outputs['url']?.value;
  if (url === undefined) return undefined;
  if (outputs['release']?.secret === true)
    throw refused(
      'the output `release` of this stack contains a secret',
      'put references into it, not values',
    );
  const routing = outputs['routing']?.value;
  const buckets = outputs['buckets']?.value;
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
  };
};

/** Preview tokens per slot, from the secret output of that name. */
export const parseTokens = (outputs: RawOutputs): Record<string, string> => {
  const tokens = outputs['previewTokens']?.value;
  return isRecord(tokens)
    ? Object.fromEntries(
        Object.entries(tokens).filter((p): p is [string, string] => typeof p[1] === 'string'),
      )
    : {};
};
