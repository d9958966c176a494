/** Why an update ended early. The first one decides; what was running is waited for and recorded. */
export type FailureKind = 'program' | 'resource' | 'cancelled' | 'refused';

/** An update or preview that failed. What was done is in state; the message holds no secrets. */
export class StackFailed extends Error {
  override readonly name = 'StackFailed';
  readonly kind: FailureKind;
  /** URNs that were changed before, or while, it failed. */
  readonly changed: readonly string[];
  readonly failed: readonly { readonly urn: string; readonly reason: string }[];

  constructor(
    message: string,
    options: {
      kind: FailureKind;
      cause: unknown;
      changed: readonly string[];
      failed: readonly { urn: string; reason: string }[];
    },
  ) {
    super(message, { cause: options.cause });
    this.kind = options.kind;
    this.changed = options.changed;
    this.failed = options.failed;
  }
}

/** A resource could not be checked, planned or changed. */
export class ResourceFailed extends Error {
  override readonly name = 'ResourceFailed';
  readonly urn: string;
  constructor(urn: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.urn = urn;
  }
}

/** Thrown into work that must not start any more; never reported. */
export class Halted extends Error {
  override readonly name = 'Halted';
}
