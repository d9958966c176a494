import * as pulumi from '@pulumi/pulumi';
import { parseRelease } from '../config/release.ts';
import { messageOf } from '../lib/errors.ts';
import type { LastOutputs } from '../release/core/resolve.ts';
import type { RoutingOutput } from '../release/ports/stack.ts';

/** What this stack's own last update left. */
export interface OwnOutputs {
  readonly last: LastOutputs;
  readonly routing: RoutingOutput | undefined;
  /** The target's own outputs, by name; see `Target.carries`. */
  readonly carried: Readonly<Record<string, unknown>>;
  /** Key of the preview tokens, where the program made it itself. Secret. */
  readonly previewKey: string | undefined;
}

/** A reference of the stack to itself: its outputs as they were before this run, also in previews. */
export const readOwnOutputs = async (carries: readonly string[]): Promise<OwnOutputs> => {
  const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  const self = new pulumi.StackReference('self', { name });
  const [release, url, routing, key, ...own] = await Promise.all(
    ['release', 'url', 'routing', 'previewKey', ...carries].map((output) => self.getOutputDetails(output)),
  );
  const known = [release, url, routing].some((o) => o?.value !== undefined || o?.secretValue !== undefined);
  return {
    last: known ? readRelease(release) : { kind: 'none' },
    routing: routing?.value as RoutingOutput | undefined,
    carried: Object.fromEntries(carries.map((name, i) => [name, own[i]?.value as unknown])),
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
