import { redactor } from '../../lib/redact.ts';
import type { Redactor } from '../../lib/redact.ts';
import type { DetailedDiff, EngineEvent, Op, Step } from './types.ts';
import { secretTexts } from './values.ts';

/** Steps that stand for one resource each; the others are halves of a replacement. */
const COUNTED: ReadonlySet<Op> = new Set<Op>(['same', 'create', 'update', 'replace', 'delete', 'read']);
const QUIET: ReadonlySet<Op> = new Set<Op>(['same', 'read', 'refresh', 'discard']);

export const step = (
  op: Op,
  resource: { readonly urn: string; readonly type: string; readonly protect: boolean },
  diff: DetailedDiff = {},
  replaces: readonly string[] = [],
): Step => ({ op, urn: resource.urn, type: resource.type, protect: resource.protect, diff, replaces });

/** Tells the world what happens, without secrets, and counts it. */
export class Report {
  readonly #onEvent: ((event: EngineEvent) => void) | undefined;
  readonly #now: () => number;
  readonly #redactor: Redactor = redactor();
  readonly #startedAt: number;
  readonly steps: Step[] = [];
  readonly failed: { urn: string; reason: string }[] = [];
  readonly changes: Record<string, number> = {};

  constructor(now: () => number, onEvent: ((event: EngineEvent) => void) | undefined) {
    this.#now = now;
    this.#onEvent = onEvent;
    this.#startedAt = now();
  }

  /** Every text inside the secrets of a value is hidden from here on. */
  learn(value: unknown): void {
    secretTexts(value, (text) => this.#redactor.add(text));
  }

  hide(text: string): void {
    this.#redactor.add(text);
  }

  text(text: string): string {
    return this.#redactor.text(text);
  }

  /** URNs that were really changed. */
  changed(): string[] {
    return [...new Set(this.steps.filter((s) => !QUIET.has(s.op)).map((s) => s.urn))];
  }

  pre(step: Step): void {
    this.#onEvent?.({ kind: 'pre', at: this.#now(), ...step });
  }

  done(step: Step): void {
    this.steps.push(step);
    if (COUNTED.has(step.op)) this.changes[step.op] = (this.changes[step.op] ?? 0) + 1;
    this.#onEvent?.({ kind: 'done', at: this.#now(), ...step });
  }

  fail(step: Step, message: string): void {
    const reason = this.text(message);
    this.failed.push({ urn: step.urn, reason });
    this.#onEvent?.({ kind: 'failed', at: this.#now(), ...step, reason });
  }

  diagnostic(severity: 'info' | 'warning' | 'error', urn: string, text: string): void {
    this.#onEvent?.({ kind: 'diagnostic', at: this.#now(), severity, urn, text: this.text(text) });
  }

  durationMs(): number {
    return this.#now() - this.#startedAt;
  }

  get startedAt(): number {
    return this.#startedAt;
  }

  summary(result: 'succeeded' | 'failed'): void {
    this.#onEvent?.({
      kind: 'summary',
      at: this.#now(),
      result,
      changes: { ...this.changes },
      durationMs: this.durationMs(),
    });
  }
}
