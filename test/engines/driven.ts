import { Vpc } from '@pulumi/aws/ec2/vpc.js';
import { Bucket } from '@pulumi/aws/s3/bucket.js';
import * as pulumi from '@pulumi/pulumi';
import type { Release } from '../../config/release.types.ts';
import { refused } from '../../lib/errors.ts';
import type { Program } from '../../sandbox/engine/index.ts';

export const releaseOf = (serial: number, change: Partial<Release> = {}): Release => ({
  format: 1,
  serial,
  replaces: serial === 0 ? null : serial - 1,
  deployment: `170000000${serial}-abcdef`,
  slots: {},
  traffic: { blue: 0, green: 0 },
  ...change,
});

export interface Driven {
  /** Names of networks that are made beside the one that the release changes. */
  readonly beside?: readonly string[];
  readonly more?: () => void;
  readonly token?: string;
}

/**
 * A small program with the outputs of infra/: carries on, compares and sets. `rule` changes with the release, and
 * the output `release` waits for it.
 */
export const driven =
  ({ beside = [], more = () => undefined, token = 'token' }: Driven = {}): Program =>
  async () => {
    const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
    const self = new pulumi.StackReference('self', { name });
    const last = (await self.getOutputDetails('release')).value as Release | undefined;
    const wanted = new pulumi.Config('sluice').getObject<Release>('release') ?? last ?? releaseOf(0);
    if (last !== undefined && wanted.serial !== last.serial && wanted.replaces !== last.serial)
      throw Object.assign(new pulumi.RunError('stale'), {
        cause: refused(`serial ${wanted.serial} replaces ${wanted.replaces}, not ${last.serial}`, 'carry on'),
      });
    const others = beside.map((n) => new Vpc(n, { cidrBlock: '10.9.0.0/16' }));
    const rule = new Vpc(
      'rule',
      { cidrBlock: '10.0.0.0/16', tags: { serial: String(wanted.serial) } },
      { dependsOn: others },
    );
    more();
    return {
      release: rule.id.apply(() => wanted),
      url: 'http://127.0.0.1:1',
      routing: { listenerArn: rule.arn, services: {}, previewHeader: 'x-preview' },
      buckets: { backup: 'b', record: 'r', lease: 'l' },
      previewTokens: pulumi.secret({ blue: `${token}-blue` }),
    };
  };

/** A bucket that is guarded. */
export const guardedBucket = (name: string, lock: boolean): void =>
  void new Bucket('guarded', { bucket: name, objectLockEnabled: lock }, { protect: true });
