import { messageOf } from '../../lib/errors.ts';
import type { Effect, EffectKind, Event } from '../core/engine/effects.ts';
import type { Next } from '../core/engine/next.ts';
import { isPast } from '../core/engine/phases.ts';
import type { State } from '../core/engine/types.ts';
import { viewOf } from '../core/engine/view.ts';
import { controlStore } from '../adapters/control.ts';
import { journalStore } from '../adapters/journal.ts';
import { leaseStore } from '../adapters/lease.ts';
import { recordStore } from '../adapters/records.ts';
import type { Context } from './context.ts';
import { keepLogs } from './effects/keep-logs.ts';
import { execute, readWorld } from './execute.ts';
import { leaseKeeper } from './keeper.ts';
import { keeping, TakenOver } from './store.ts';
import type { RunOptions } from './types.ts';

/** Effects that change the world: none begins without the lease. */
const ACTS: ReadonlySet<EffectKind> = new Set(['build', 'update', 'weights', 'restore', 'undo', 'record']);

export type Ending = 'over' | 'halted' | 'handedOn' | 'left' | 'takenOver';

export interface Driven {
  readonly state: State;
  readonly ending: Ending;
}

export interface DriveInput {
  readonly next: Next;
  readonly state: State;
  /** Of the journal as loaded; undefined for a deployment that begins. */
  readonly etag: string | undefined;
  /** What happens first: `start`, or `resume`. */
  readonly first: Event;
  /** Tells this runner from any other. */
  readonly token: string;
}

interface Running {
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/** Takes one deployment forward: persist, act, observe, persist, until it is over or must wait for somebody. */
export class Drive {
  private readonly o: RunOptions;
  private readonly input: DriveInput;
  private state: State;
  private readonly queue: Event[] = [];
  private wake: () => void = () => {};
  private readonly running = new Map<string, Running>();
  private readonly all = new AbortController();
  private broken: Error | undefined;
  private leaving = false;
  private takenOver = false;
  private tokens: Promise<Readonly<Record<string, string>>> | undefined;
  /** Effects that a runner before this one decided on. */
  private readonly inherited: ReadonlySet<string>;

  private readonly journal;
  private readonly records;
  private readonly keeper;
  private readonly control;
  private readonly book;

  constructor(o: RunOptions, input: DriveInput) {
    this.o = o;
    this.input = input;
    this.state = input.state;
    const { environment, deployment } = input.state.request;
    const { lease } = o.ports.objects;
    this.journal = journalStore(lease, environment);
    this.records = recordStore(o.ports.objects.record, environment);
    this.control = controlStore(lease, environment);
    this.book = keeping(this.journal, o.clock, input.etag);
    this.inherited = new Set(input.state.pending.map((p) => p.effect.id));
    this.keeper = leaseKeeper({
      store: leaseStore(lease, environment, o.clock),
      clock: o.clock,
      deployment,
      holder: o.holder,
      token: input.token,
      ttlMs: o.leaseTtlMs ?? 30_000,
      onLost: (to) => this.loseLease(to),
    });
  }

  async run(): Promise<Driven> {
    const unsubscribe = this.o.operator?.subscribe((said) => this.hear(said));
    void this.poll();
    try {
      await this.begin();
      for (;;) {
        const ending = this.ending();
        if (ending !== undefined) return await this.end(ending);
        this.startPending();
        await this.event();
        if (this.broken !== undefined) throw this.broken;
        for (let event = this.queue.shift(); event !== undefined; event = this.queue.shift()) {
          if (!this.leaving) await this.apply(event);
        }
      }
    } catch (error) {
      if (error instanceof TakenOver) return await this.end('takenOver');
      throw error;
    } finally {
      unsubscribe?.();
      this.keeper.stop();
      this.all.abort(new Error('the runner ended'));
    }
  }

  /** A resumed deployment that held the lease takes it again before anything else. */
  private async begin(): Promise<void> {
    const { first } = this.input;
    if (first.kind !== 'resume' || this.state.lease === undefined) return await this.apply(first);
    const answer = await this.keeper.acquire(
      this.state.request.rollback?.mode === 'emergency',
      this.all.signal,
    );
    if (answer.kind === 'taken') return await this.apply({ kind: 'leaseLost', to: answer.by.deployment });
    await this.apply({ ...first, lease: { token: answer.lease.token, serial: answer.lease.serial } });
  }

  private async apply(event: Event): Promise<void> {
    this.state = this.input.next(this.state, event, this.o.clock.now()).state;
    this.stopStale();
    await this.book.save(this.state);
    this.o.onView?.(viewOf(this.state, this.o.clock.now()));
  }

  private ending(): Ending | undefined {
    const { phase, pending } = this.state;
    if (this.takenOver) return 'takenOver';
    if (phase.name === 'done') return 'over';
    if (this.leaving) return 'left';
    if (phase.name === 'halted' && pending.length === 0 && this.running.size === 0) return 'halted';
    const told = !pending.some((p) => p.effect.kind === 'message');
    return this.isPast() && told && this.running.size === 0 ? 'handedOn' : undefined;
  }

  private isPast(): boolean {
    return this.o.until !== undefined && isPast(this.state, this.o.until);
  }

  private async end(ending: Ending): Promise<Driven> {
    this.all.abort(new Error('the runner ends'));
    await Promise.all([...this.running.values()].map((r) => r.done));
    if (this.broken !== undefined) throw this.broken;
    // Whoever goes on may sit at another machine: what this one logged is kept where that one finds it.
    if (ending !== 'takenOver') await keepLogs(this.state, this.o.ports.logs, this.records);
    if (ending === 'handedOn') await this.keeper.letGo(this.o.handOverMs ?? 6 * 3_600_000);
    else if (ending !== 'takenOver') await this.keeper.letGo().catch(() => undefined);
    return { state: this.state, ending };
  }

  /** Aborts what the core no longer waits for, and what it wants stopped. */
  private stopStale(): void {
    const wanted = new Map(this.state.pending.map((p) => [p.effect.id, p]));
    for (const [id, { abort }] of this.running) {
      const pending = wanted.get(id);
      if (pending === undefined || pending.cancelled) abort.abort(new Error('stopped'));
    }
  }

  private startPending(): void {
    for (const { effect, cancelled } of this.state.pending) {
      if (this.running.has(effect.id)) continue;
      // People are asked before the job comes that waits for their answer.
      if (this.isPast() && effect.kind !== 'message') continue;
      const abort = new AbortController();
      const done = (cancelled ? this.stopped(effect) : this.perform(effect, abort.signal)).then(
        (event) => this.observed(effect.id, event),
        (error: unknown) => this.breakOff(effect.id, error),
      );
      this.running.set(effect.id, { abort, done });
    }
  }

  private observed(id: string, event: Event | undefined): void {
    this.running.delete(id);
    if (event !== undefined) this.push(event);
    else this.wake();
  }

  private breakOff(id: string, error: unknown): void {
    this.running.delete(id);
    this.broken ??= error instanceof Error ? error : new Error(messageOf(error));
    this.wake();
  }

  private async perform(effect: Effect, own: AbortSignal): Promise<Event | undefined> {
    const signal = AbortSignal.any([this.all.signal, own]);
    if (ACTS.has(effect.kind) && this.state.lease !== undefined && !(await this.mayAct(signal)))
      return undefined;
    const context = this.context(effect, signal);
    this.o.hooks?.before?.(effect);
    const event = await execute(effect, context);
    this.o.hooks?.after?.(effect);
    return this.all.signal.aborted ? undefined : event;
  }

  private async mayAct(signal: AbortSignal): Promise<boolean> {
    try {
      return await this.keeper.mayAct(signal);
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }

  /** An effect that was to be stopped when the runner before this one ended: it runs no more. */
  private async stopped(effect: Effect): Promise<Event> {
    const world = await readWorld(this.context(effect, this.all.signal));
    return {
      kind: 'failed',
      effect: effect.id,
      error: { message: 'stopped', kind: 'stopped', details: [], ...world },
      tookMs: 0,
    };
  }

  private context(effect: Effect, signal: AbortSignal): Context {
    return {
      ports: this.o.ports,
      clock: this.o.clock,
      app: this.o.app,
      journal: this.journal,
      records: this.records,
      keeper: this.keeper,
      state: this.state,
      again: this.inherited.has(effect.id),
      signal,
      tokens: async () => await (this.tokens ??= this.readTokens()),
    };
  }

  private async readTokens(): Promise<Readonly<Record<string, string>>> {
    try {
      return await this.o.ports.stack.previewTokens();
    } catch (error) {
      this.tokens = undefined;
      throw error;
    }
  }

  private hear(said: Parameters<Parameters<NonNullable<RunOptions['operator']>['subscribe']>[0]>[0]): void {
    if (said.command !== 'interrupt') return this.push({ kind: 'operator', ...said });
    if (said.choice === 'rollback') return this.push({ kind: 'interrupted', by: said.by });
    this.leaving = true;
    this.wake();
  }

  private loseLease(to: string): void {
    // Another runner of the same deployment has the journal too: this one only ends.
    if (to === this.state.request.deployment) this.takenOver = true;
    else this.push({ kind: 'leaseLost', to });
    this.wake();
  }

  private async poll(): Promise<void> {
    const { deployment } = this.state.request;
    try {
      for (;;) {
        await this.o.clock.sleep(this.o.pollMs ?? 2000, this.all.signal);
        const said = await this.control.said(deployment, this.state.control).catch(() => []);
        for (const command of said) this.push({ kind: 'operator', ...command });
      }
    } catch {
      // The runner ended.
    }
  }

  private push(event: Event): void {
    this.queue.push(event);
    this.wake();
  }

  private async event(): Promise<void> {
    if (this.queue.length > 0 || this.broken !== undefined || this.leaving || this.takenOver) return;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
  }
}
