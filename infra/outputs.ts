import * as pulumi from '@pulumi/pulumi';
import { BucketObjectv2 } from '@pulumi/aws/s3/bucketObjectv2.js';
import { serializeRelease } from '../config/release.ts';
import type { Release } from '../config/release.types.ts';
import type { SlotName } from '../config/types.ts';
import type { StackOutputs } from '../release/ports/stack.ts';
import type { Declared } from './targets/target.ts';

export interface OutputsArgs {
  readonly declared: Declared;
  readonly environment: string;
  readonly release: Release;
  readonly tokens: Partial<Record<SlotName, pulumi.Output<string>>>;
  readonly previewKey: pulumi.Output<string>;
}

type Shared = 'release' | 'url' | 'routing' | 'buckets';

/** `StackOutputs` as the program returns them, with the target's own and those that only probes need. */
export type ProgramOutputs = Readonly<Record<string, unknown>> & {
  readonly [K in Shared]: pulumi.Output<StackOutputs[K]>;
} & {
  /** Secret: slot → value of the preview header. */
  readonly previewTokens: pulumi.Output<Readonly<Record<string, string>>>;
  /** Secret: what the tokens are made from. */
  readonly previewKey: pulumi.Output<string>;
};

/**
 * The release as it was realised, in the record bucket: what `sluice config at` prints and a rollback applies.
 * One object per serial; when the next serial replaces it in the stack, it stays in the bucket.
 */
const keepRelease = ({ declared, environment, release }: OutputsArgs) =>
  new BucketObjectv2(
    'release',
    {
      bucket: declared.buckets.names.record,
      key: `releases/${environment}/${release.serial}.json`,
      content: declared.done.apply(() => serializeRelease(release)),
      contentType: 'application/json',
    },
    { retainOnDelete: true, dependsOn: [...declared.buckets.ready] },
  );

/**
 * `release` comes last, behind every slot, rule and command: after an update that failed half-way the stack still
 * names the last release that was completed.
 */
export const programOutputs = (args: OutputsArgs): ProgramOutputs => {
  const { declared, release } = args;
  const kept = keepRelease(args);
  return {
    ...declared.more,
    release: pulumi.all([declared.done, kept.id]).apply(() => release),
    url: declared.url,
    routing: declared.routing,
    buckets: pulumi.output(declared.buckets.names),
    previewTokens: pulumi.secret(pulumi.output(args.tokens as Record<string, pulumi.Output<string>>)),
    previewKey: args.previewKey,
  };
};
