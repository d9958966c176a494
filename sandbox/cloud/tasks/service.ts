import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../../lib/errors.ts';
import type { Balancer } from '../balancer/balancer.ts';
import { freePort } from '../free-port.ts';
import { tailOf, TaskProcess } from './process.ts';
import type { Launch } from './container.ts';
import type { Reaper } from '../reaper-client.ts';

export interface ServiceSpec {
  readonly name: string;
  readonly taskDefinition: string;
  /** Processes to run. */
  readonly count: number;
  readonly targetGroups: readonly string[];
  /** Stops a deployment after three starts in a row that ended by themselves. */
  readonly breaker: boolean;
}

export interface ServiceParts {
  readonly balancer: Balancer;
  readonly reaper: Reaper;
  readonly logs: string;
  /** Throws what ECS would stop the task with. */
  launch(taskDefinition: string): Launch;
}

const BACKOFF_MS = 200;
const LONGEST_BACKOFF_MS = 5_000;
const BREAKER_STARTS = 3;
const STABLE_MS = 10_000;

/** One place in a service: keeps a process of one task definition running until it is retired. */
class Task {
  readonly taskDefinition: string;
  readonly #spec: ServiceSpec;
  readonly #parts: ServiceParts;
  readonly #retire = new AbortController();
  process: TaskProcess | undefined;
  address = '';
  crashes = 0;
  lastEnd = '';
  readonly #loop: Promise<void>;

  constructor(spec: ServiceSpec, parts: ServiceParts) {
    this.taskDefinition = spec.taskDefinition;
    this.#spec = spec;
    this.#parts = parts;
    this.#loop = this.#keepRunning();
  }

  /** Healthy in every target group; without one: running for a moment. */
  get steady(): boolean {
    if (this.process?.running !== true) return false;
    const { targetGroups } = this.#spec;
    if (targetGroups.length === 0) return Date.now() - this.process.startedAt > 300;
    return targetGroups.every((arn) => this.#target(arn)?.state === 'healthy');
  }

  /** What stands in the way of being steady, for people. */
  describe(): string {
    const seen = this.#spec.targetGroups
      .map((arn) => this.#target(arn)?.lastAnswer)
      .filter((s) => s !== undefined);
    const parts = [
      this.lastEnd === '' ? undefined : `last end: ${this.lastEnd} (${this.crashes} starts failed)`,
      seen.length === 0 ? undefined : `health check: ${seen.join(', ')}`,
      this.process === undefined ? undefined : `last log lines:\n${tailOf(this.process.log)}`,
    ];
    return parts.filter((p) => p !== undefined).join('; ');
  }

  #target(arn: string) {
    return this.#parts.balancer.group(arn)?.targets.get(this.address);
  }

  async #keepRunning(): Promise<void> {
    const { signal } = this.#retire;
    while (!signal.aborted) {
      const before = Date.now();
      try {
        await this.#runOnce();
      } catch (error) {
        this.lastEnd = messageOf(error);
      }
      if (signal.aborted) return;
      this.crashes = Date.now() - before > STABLE_MS ? 1 : this.crashes + 1;
      const pause = Math.min(LONGEST_BACKOFF_MS, BACKOFF_MS * 2 ** (this.crashes - 1));
      await delay(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #runOnce(): Promise<void> {
    const launch = this.#parts.launch(this.taskDefinition);
    const port = await freePort();
    if (this.#retire.signal.aborted) return;
    this.address = `127.0.0.1:${port}`;
    const revision = this.taskDefinition.split('/').at(-1)?.replace(':', '-') ?? 'task';
    const log = join(this.#parts.logs, this.#spec.name, `${revision}.log`);
    this.process = new TaskProcess(
      launch,
      { PORT: String(port), HOST: '127.0.0.1' },
      log,
      this.#parts.reaper,
    );
    for (const arn of this.#spec.targetGroups) this.#parts.balancer.register(arn, this.address);
    const end = await this.process.exited;
    if (!this.#retire.signal.aborted) this.lastEnd = end;
    await this.#leaveGroups();
  }

  async #leaveGroups(): Promise<void> {
    await Promise.all(
      this.#spec.targetGroups.map((arn) => this.#parts.balancer.deregister(arn, this.address)),
    );
  }

  /** No new requests, the ones in flight finish, then SIGTERM. */
  async retire(): Promise<void> {
    this.#retire.abort();
    await this.#leaveGroups();
    await this.process?.stop();
    await this.#loop;
  }
}

/** An ECS service: replaces its tasks step by step when its task definition changes, restarts what crashes. */
export class Service {
  spec: ServiceSpec;
  /** When it was made, ms: tells it from an earlier one of the same name. */
  readonly made = Date.now();
  readonly #parts: ServiceParts;
  #tasks: Task[] = [];
  #retiring = new Set<Promise<void>>();

  constructor(spec: ServiceSpec, parts: ServiceParts) {
    this.spec = spec;
    this.#parts = parts;
  }

  /** Starts what is missing; old tasks stay until `settle` has seen the new ones healthy. */
  start(): void {
    const current = this.#tasks.filter((t) => t.taskDefinition === this.spec.taskDefinition);
    for (let i = current.length; i < this.spec.count; i += 1)
      this.#tasks.push(new Task(this.spec, this.#parts));
    for (const surplus of current.slice(this.spec.count)) this.#retireSoon(surplus);
  }

  /** Resolves when all tasks of the current definition are steady and the old ones gone; throws with the reason. */
  async settle(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!this.#steady()) {
      signal?.throwIfAborted();
      const broken = this.#current().find((t) => this.spec.breaker && t.crashes >= BREAKER_STARTS);
      if (broken !== undefined || Date.now() >= deadline) throw new Error(this.#unsteady(timeoutMs, broken));
      await delay(25);
    }
    const old = this.#tasks.filter((t) => t.taskDefinition !== this.spec.taskDefinition);
    for (const task of old) this.#retireSoon(task);
    await Promise.all(this.#retiring);
  }

  #current(): Task[] {
    return this.#tasks.filter((t) => t.taskDefinition === this.spec.taskDefinition);
  }

  #steady(): boolean {
    const current = this.#current();
    return current.length >= this.spec.count && current.every((t) => t.steady);
  }

  #unsteady(timeoutMs: number, broken: Task | undefined): string {
    const why = (broken ?? this.#current().find((t) => !t.steady))?.describe() ?? '';
    const after = broken === undefined ? `within ${timeoutMs / 1_000} s` : `after ${broken.crashes} starts`;
    return `service ${this.spec.name} did not become steady ${after}: ${why}`;
  }

  #retireSoon(task: Task): void {
    this.#tasks = this.#tasks.filter((t) => t !== task);
    const gone = task.retire().finally(() => this.#retiring.delete(gone));
    this.#retiring.add(gone);
  }

  status(): { running: number; wanted: number; steady: boolean; pids: number[] } {
    const running = this.#tasks.filter((t) => t.process?.running === true);
    const pids = running.map((t) => t.process?.pid).filter((p) => p !== undefined);
    return { running: running.length, wanted: this.spec.count, steady: this.#steady(), pids };
  }

  async stop(): Promise<void> {
    for (const task of this.#tasks) this.#retireSoon(task);
    await Promise.all(this.#retiring);
  }
}
