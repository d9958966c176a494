import * as pulumi from '@pulumi/pulumi';
import { BucketObjectv2 } from '@pulumi/aws/s3/bucketObjectv2.js';
import { PREVIEW_HEADER } from '../components/service-slot.ts';
import { serializeRelease } from '../config/release.ts';
import type { Release } from '../config/release.types.ts';
import type { SlotName } from '../config/types.ts';
import type { RoutingOutput, StackOutputs } from '../release/ports/stack.ts';
import type { Application } from './application.ts';

export interface OutputsArgs {
  readonly application: Application;
  readonly environment: string;
  readonly release: Release;
  readonly tokens: Partial<Record<SlotName, pulumi.Output<string>>>;
  readonly previewKey: pulumi.Output<string>;
}

/** `StackOutputs` as the program returns them, with those that only the program and probes need. */
export type ProgramOutputs = { readonly [K in keyof StackOutputs]-?: pulumi.Output<StackOutputs[K]> } & {
  /** Listener positions, for the next update. */
  readonly positions: Readonly<Record<string, number>>;
  /** Secret: slot → value of the preview header. */
  readonly previewTokens: pulumi.Output<Readonly<Record<string, string>>>;
  /** Secret: what the tokens are made from. */
  readonly previewKey: pulumi.Output<string>;
};

/** Ids of everything a release consists of: known when all of it is done. */
const doneWith = ({ services, routing, commands }: Application): pulumi.Output<unknown> =>
  pulumi.all([
    ...services.flatMap(({ made }) => [
      made.service.id,
      ...(made.previewRule === undefined ? [] : [made.previewRule.id]),
    ]),
    ...Object.values(routing.rules).map((rule) => rule.id),
    ...commands.map(({ command }) => command.id),
  ]);

/**
 * The release as it was realised, in the record bucket: what `sluice config at` prints and a rollback applies.
 * One object per serial; when the next serial replaces it in the stack, it stays in the bucket.
 */
const keepRelease = ({ application, environment, release }: OutputsArgs, done: pulumi.Output<unknown>) =>
  new BucketObjectv2(
    'release',
    {
      bucket: application.buckets.names.record,
      key: `releases/${environment}/${release.serial}.json`,
      content: done.apply(() => serializeRelease(release)),
      contentType: 'application/json',
    },
    { retainOnDelete: true, dependsOn: [...application.buckets.ready] },
  );

const routingOf = ({ balancer, services, routing }: Application): pulumi.Output<RoutingOutput> => {
  const groups = new Map<string, Record<string, pulumi.Output<string>>>();
  for (const { slot, name, made } of services)
    if (made.targetGroup !== undefined)
      groups.set(name, { ...groups.get(name), [slot]: made.targetGroup.arn });
  const serviceOf = (name: string, targetGroups: Record<string, pulumi.Output<string>>) => {
    const rule = routing.rules[name];
    return { ...(rule === undefined ? {} : { rule: rule.arn }), targetGroups };
  };
  return pulumi.output({
    listenerArn: balancer.listenerArn,
    services: Object.fromEntries([...groups].map(([name, of]) => [name, serviceOf(name, of)])),
    previewHeader: PREVIEW_HEADER,
  });
};

/**
 * `release` comes last, behind every slot, rule and command: after an update that failed half-way the stack still
 * names the last release that was completed.
 */
export const programOutputs = (args: OutputsArgs): ProgramOutputs => {
  const { application, release } = args;
  const done = doneWith(application);
  const kept = keepRelease(args, done);
  return {
    release: pulumi.all([done, kept.id]).apply(() => release),
    url: application.url,
    routing: routingOf(application),
    buckets: pulumi.output(application.buckets.names),
    cluster: pulumi.output(application.clusterArn),
    positions: application.plan.positions,
    previewTokens: pulumi.secret(pulumi.output(args.tokens as Record<string, pulumi.Output<string>>)),
    previewKey: args.previewKey,
  };
};
