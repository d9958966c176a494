import * as pulumi from '@pulumi/pulumi';
import { parseRelease } from '../config/release.ts';
import { messageOf } from '../lib/errors.ts';
import type { LastOutputs } from '../release/core/resolve.ts';
import type { RoutingOutput } from '../release/ports/stack.ts';

/** What this stack's own last update left. */
export interface OwnOutputs {
  readonly last: LastOutputs;
  readonly routing: RoutingOutput | undefined;
  /** Listener positions of services; see components/priorities.plan.ts. */
  readonly positions: Readonly<Record<string, number>>;
  /** Key of the preview tokens, where the program made it itself. Secret. */
  readonly previewKey: string | undefined;
}

/** A reference of the stack to itself: its outputs as they were before this run, also in previews. */
export const readOwnOutputs = async (): Promise<OwnOutputs> => {
  const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  const self = new pulumi.StackReference('self', { name });
  const [release, url, routing, positions, key] = await Promise.all(
    ['release', 'url', 'routing', 'positions', 'previewKey'].map((output) => self.getOutputDetails(output)),
  );
  const known = [release, url, routing].some((o) => o?.value !== undefined || o?.secretValue !== undefined);
  return {
    last: known ? readRelease(release) : { kind: 'none' },
    routing: routing?.value as RoutingOutput | undefined,
    positions: (positions?.value ?? {}) as Record<string, number>,
    previewKey: typeof key?.secretValue === 'string' ? key.secretValue : undefined,
  };
};

const readRelease = (output: pulumi.StackReferenceOutputDetails | undefined): LastOutputs => {
  if (output?.value === undefined)
    return {
      kind: 'unreadable',
      why: output?.secretValue === undefined ? 'it is missing' : 'it holds a secret',
    };
  try {
    return { kind: 'release', release: parseRelease(output.value, 'the output `release`') };
  } catch (error) {
    return { kind: 'unreadable', why: messageOf(error) };
  }
};
