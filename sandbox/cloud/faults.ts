import { setTimeout as delay } from 'node:timers/promises';
import { wildcard } from './balancer/match.ts';

/** Something that goes wrong on purpose. */
export type Fault =
  | {
      readonly kind: 'resource';
      /** Which provider calls; `*` and `?` allowed. At least one of `type` and `urn` is given. */
      readonly on: 'create' | 'update' | 'delete';
      readonly type?: string;
      readonly urn?: string;
      /** Fails with this message; without it the call is only delayed. */
      readonly fail?: string;
      readonly delayMs?: number;
      /** How many calls it meets (default 1). */
      readonly times?: number;
    }
  /** The counts of target groups are hidden: name or ARN, `*` and `?` allowed; those in `except` (ARNs) are seen. */
  | { readonly kind: 'lostMetrics'; readonly targetGroup: string; readonly except?: readonly string[] }
  /** Messages to a webhook channel are refused. */
  | { readonly kind: 'webhookDown'; readonly channel: string };

interface Planned {
  readonly id: number;
  readonly fault: Fault;
  left: number;
}

/** Faults that were asked for and have not all happened yet. */
export class Faults {
  readonly #planned: Planned[] = [];
  #nextId = 1;

  add(fault: Fault): number {
    const id = this.#nextId;
    this.#nextId += 1;
    const left = fault.kind === 'resource' ? (fault.times ?? 1) : Number.POSITIVE_INFINITY;
    this.#planned.push({ id, fault, left });
    return id;
  }

  /** Takes one fault back, or all of them. */
  clear(id?: number): void {
    if (id === undefined) this.#planned.length = 0;
    const at = this.#planned.findIndex((p) => p.id === id);
    if (at !== -1) this.#planned.splice(at, 1);
  }

  list(): { id: number; fault: Fault }[] {
    return this.#planned.map(({ id, fault }) => ({ id, fault }));
  }

  /** Delays or fails a provider call, if one of the faults is meant for it. */
  async meet(
    on: 'create' | 'update' | 'delete',
    type: string,
    urn: string,
    signal?: AbortSignal,
  ): Promise<void> {
    const planned = this.#planned.find(
      ({ fault }) =>
        fault.kind === 'resource' &&
        fault.on === on &&
        (fault.type === undefined || wildcard(fault.type, true).test(type)) &&
        (fault.urn === undefined || wildcard(fault.urn, true).test(urn)),
    );
    if (planned?.fault.kind !== 'resource') return;
    planned.left -= 1;
    if (planned.left <= 0) this.clear(planned.id);
    if (planned.fault.delayMs !== undefined)
      await delay(planned.fault.delayMs, undefined, signal === undefined ? {} : { signal });
    if (planned.fault.fail !== undefined) throw new Error(planned.fault.fail);
  }

  /** Whether counts of a target group are hidden. */
  hides(name: string, arn: string): boolean {
    return this.#planned.some(({ fault }) => {
      if (fault.kind !== 'lostMetrics' || fault.except?.includes(arn) === true) return false;
      const pattern = wildcard(fault.targetGroup, true);
      return pattern.test(name) || pattern.test(arn);
    });
  }

  webhookDown(channel: string): boolean {
    return this.#planned.some(({ fault }) => fault.kind === 'webhookDown' && fault.channel === channel);
  }
}
