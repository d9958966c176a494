import { accessDenied, invalidArgument, invalidRequest } from './errors.ts';
import type { BucketSettings, Retention, Version } from './types.ts';

const DAY_MS = 86_400_000;

/** The retention a new version gets: what the request says, else the bucket's default. */
export const retentionFor = (
  settings: BucketSettings,
  asked: { readonly mode: string | undefined; readonly until: string | undefined },
  now: number,
): Retention | undefined => {
  if (asked.mode === undefined && asked.until === undefined) {
    const standard = settings.objectLock.default;
    return standard === undefined ? undefined : { mode: standard.mode, until: now + standard.days * DAY_MS };
  }
  if (!settings.objectLock.enabled) throw invalidRequest('Bucket is missing Object Lock Configuration');
  return readRetention(asked.mode, asked.until, now);
};

export const readRetention = (
  mode: string | undefined,
  until: string | undefined,
  now: number,
): Retention => {
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') throw invalidArgument('Unknown object lock mode.');
  const at = Date.parse(until ?? '');
  if (Number.isNaN(at)) throw invalidArgument('The retain until date is no date.');
  if (at <= now) throw invalidArgument('The retain until date must be in the future!');
  return { mode, until: at };
};

/** Throws `AccessDenied` while the version is locked. Only governance can be bypassed. */
export const refuseLocked = (version: Version, bypassGovernance: boolean, now: number): void => {
  if (version.legalHold === true)
    throw accessDenied('the object version is under legal hold and cannot be deleted.');
  const { retention } = version;
  if (retention === undefined || retention.until <= now) return;
  if (retention.mode === 'GOVERNANCE' && bypassGovernance) return;
  throw accessDenied(
    `the object version is locked (${retention.mode}) until ${new Date(retention.until).toISOString()}.`,
  );
};

/** Whether a lock may be changed: extended always, shortened or removed only under governance with the bypass. */
export const refuseWeaker = (
  version: Version,
  next: Retention | undefined,
  bypassGovernance: boolean,
  now: number,
): void => {
  const { retention } = version;
  if (retention === undefined || retention.until <= now) return;
  const stronger =
    next !== undefined &&
    next.until >= retention.until &&
    (retention.mode === next.mode || next.mode === 'COMPLIANCE');
  if (stronger || (retention.mode === 'GOVERNANCE' && bypassGovernance)) return;
  throw accessDenied(`the retention (${retention.mode}) can be extended only.`);
};
