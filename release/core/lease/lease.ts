/**
 * The right to deploy to an environment: one small object, changed by compare-and-set. It belongs to a deployment,
 * so that the next job of the same deployment takes it on; it ends by itself when nobody renews it. Times are ms.
 */
export interface Lease {
  readonly format: 1;
  readonly deployment: string;
  /** Person and machine, for people. */
  readonly holder: string;
  /** Tells one runner of a deployment from another. */
  readonly token: string;
  readonly takenAt: number;
  readonly expiresAt: number;
  /** Grows each time the lease changes hands: a runner with an older serial starts nothing. */
  readonly serial: number;
  /** The runner is gone and the next one of the same deployment may come at once. */
  readonly handedOn: boolean;
}

export interface LeaseRequest {
  readonly deployment: string;
  readonly holder: string;
  readonly token: string;
  readonly ttlMs: number;
  /** An emergency rollback takes the lease from whoever has it. */
  readonly preempt: boolean;
}

export type LeaseAnswer =
  | { readonly kind: 'granted'; readonly lease: Lease; readonly from: Lease | undefined }
  /** Another runner of the same deployment may still be alive: until its lease ends nobody can tell. */
  | { readonly kind: 'wait'; readonly until: number }
  | { readonly kind: 'taken'; readonly by: Lease };

export const ask = (current: Lease | undefined, wanted: LeaseRequest, now: number): LeaseAnswer => {
  const granted = (): LeaseAnswer => ({
    kind: 'granted',
    lease: {
      format: 1,
      deployment: wanted.deployment,
      holder: wanted.holder,
      token: wanted.token,
      takenAt: now,
      expiresAt: now + wanted.ttlMs,
      serial: (current?.serial ?? 0) + (current?.token === wanted.token ? 0 : 1),
      handedOn: false,
    },
    from: current,
  });
  if (current === undefined || now >= current.expiresAt || current.token === wanted.token || wanted.preempt)
    return granted();
  if (current.deployment !== wanted.deployment) return { kind: 'taken', by: current };
  return current.handedOn ? granted() : { kind: 'wait', until: current.expiresAt };
};

/** Renews a lease; undefined when it is somebody else's now. One that ended meanwhile and that nobody took is renewed. */
export const renew = (
  current: Lease | undefined,
  token: string,
  now: number,
  ttlMs: number,
): Lease | undefined =>
  current?.token === token ? { ...current, expiresAt: now + ttlMs, handedOn: false } : undefined;

/** Ended at once, or kept for the next job of the same deployment. Undefined when it is somebody else's. */
export const letGo = (
  current: Lease | undefined,
  token: string,
  now: number,
  keepMs: number | undefined,
): Lease | undefined => {
  if (current?.token !== token) return undefined;
  return keepMs === undefined
    ? { ...current, expiresAt: now, handedOn: false }
    : { ...current, expiresAt: now + keepMs, handedOn: true };
};
