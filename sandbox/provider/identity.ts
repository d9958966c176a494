import { randomBytes } from 'node:crypto';

/** Makes identifiers that look like AWS's. */
export interface Identity {
  readonly region: string;
  readonly account: string;
  /** `arn:aws:<service>:<region>:<account>:<resource>` */
  arn(service: string, resource: string): string;
  /** The same without a region, as IAM and S3 have it (S3 without an account, too). */
  globalArn(service: string, resource: string): string;
  hex(characters: number): string;
}

export const identity = (region: string, account: string): Identity => ({
  region,
  account,
  arn: (service, resource) => `arn:aws:${service}:${region}:${account}:${resource}`,
  globalArn: (service, resource) =>
    `arn:aws:${service}::${service === 's3' || service === 'route53' ? '' : account}:${resource}`,
  hex: (characters) =>
    randomBytes(Math.ceil(characters / 2))
      .toString('hex')
      .slice(0, characters),
});
