import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudError } from '../options.ts';
import { launchOf, type ContainerDefinition } from './container.ts';
import { TaskProcess } from './process.ts';
import { Service, type ServiceParts, type ServiceSpec } from './service.ts';
import type { Balancer } from '../balancer/balancer.ts';
import type { Reaper } from '../reaper-client.ts';
import type { Registry } from '../registry.ts';
import type { SecretStore } from '../secret-store.ts';

export interface TaskRun {
  /** A registered task definition, or an image of its own. */
  readonly taskDefinition?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** ECS on processes: task definitions, services, one-off tasks. */
export class Scheduler {
  readonly services = new Map<string, Service>();
  readonly #definitions = new Map<string, readonly ContainerDefinition[]>();
  readonly #revisions = new Map<string, number>();
  readonly #parts: ServiceParts;
  readonly #balancer: Balancer;
  readonly #registry: Registry;
  readonly #secrets: SecretStore;
  readonly #base: () => Readonly<Record<string, string>>;
  readonly #reaper: Reaper;
  readonly #logs: string;

  constructor(parts: {
    balancer: Balancer;
    reaper: Reaper;
    registry: Registry;
    secrets: SecretStore;
    logs: string;
    /** What every task has in its environment, such as the endpoints of this cloud. */
    base: () => Readonly<Record<string, string>>;
  }) {
    this.#balancer = parts.balancer;
    this.#registry = parts.registry;
    this.#secrets = parts.secrets;
    this.#base = parts.base;
    this.#reaper = parts.reaper;
    this.#logs = parts.logs;
    this.#parts = {
      balancer: parts.balancer,
      reaper: parts.reaper,
      logs: parts.logs,
      launch: (arn) => launchOf(this.#main(arn), this.#registry, this.#secrets, this.#base()),
    };
  }

  /** The next revision of a family. */
  nextRevision(family: string): number {
    const revision = (this.#revisions.get(family) ?? 0) + 1;
    this.#revisions.set(family, revision);
    return revision;
  }

  registerDefinition(arn: string, containers: readonly ContainerDefinition[]): void {
    this.#definitions.set(arn, containers);
  }

  /** Services that run keep running, as in ECS. */
  deregisterDefinition(arn: string): void {
    this.#definitions.delete(arn);
  }

  createService(arn: string, spec: ServiceSpec): Service {
    if (this.services.has(arn))
      throw new CloudError(
        'InvalidParameterException',
        `creation of service ${spec.name} was not idempotent`,
      );
    this.#check(spec);
    const service = new Service(spec, this.#parts);
    this.services.set(arn, service);
    service.start();
    return service;
  }

  updateService(arn: string, spec: ServiceSpec): Service {
    const service = this.services.get(arn);
    if (service === undefined) throw new CloudError('ServiceNotFoundException', `no service ${arn}`);
    this.#check(spec);
    service.spec = spec;
    service.start();
    return service;
  }

  /**
   * ARNs of services repeat when one is made again under its name. `made` is the time it was made: a late second
   * delete of the old one leaves the new one alone.
   */
  async deleteService(arn: string, made?: number): Promise<void> {
    const service = this.services.get(arn);
    if (service === undefined || (made !== undefined && made !== service.made)) return;
    this.services.delete(arn);
    await service.stop();
  }

  /** How many tasks services want behind a target group. */
  wanted(targetGroup: string): number {
    return [...this.services.values()]
      .filter(({ spec }) => spec.targetGroups.includes(targetGroup))
      .reduce((sum, { spec }) => sum + spec.count, 0);
  }

  #check(spec: ServiceSpec): void {
    this.#main(spec.taskDefinition);
    for (const arn of spec.targetGroups) {
      const group = this.#balancer.group(arn);
      if (group === undefined)
        throw new CloudError('InvalidParameterException', `the target group ${arn} does not exist`);
      if (!this.#balancer.attached(arn))
        throw new CloudError(
          'InvalidParameterException',
          `the target group with targetGroupArn ${arn} does not have an associated load balancer: ` +
            'a listener or a rule must forward to it before the service is created',
        );
    }
  }

  #main(arn: string): ContainerDefinition {
    const containers = this.#definitions.get(arn);
    if (containers === undefined)
      throw new CloudError('ClientException', `unable to describe task definition ${arn}`);
    const main = containers.find((c) => c.essential !== false) ?? containers[0];
    if (main === undefined)
      throw new CloudError('ClientException', `task definition ${arn} has no container`);
    return main;
  }

  /** Runs one task to its end. */
  async runTask(
    run: TaskRun,
    signal?: AbortSignal,
  ): Promise<{ exitCode: number; log: string; reason: string }> {
    const base: ContainerDefinition =
      run.taskDefinition === undefined
        ? { name: 'task', image: run.image ?? '' }
        : this.#main(run.taskDefinition);
    const container: ContainerDefinition = {
      ...base,
      ...(run.command === undefined ? {} : { command: run.command }),
    };
    const launch = launchOf(container, this.#registry, this.#secrets, this.#base());
    const log = join(this.#logs, 'tasks', `${randomUUID()}.log`);
    const task = new TaskProcess(launch, run.environment ?? {}, log, this.#reaper);
    const kill = (): void => task.kill();
    signal?.addEventListener('abort', kill);
    const hurry = run.timeoutMs === undefined ? undefined : setTimeout(kill, run.timeoutMs);
    const reason = await task.exited;
    clearTimeout(hurry);
    signal?.removeEventListener('abort', kill);
    return { exitCode: task.exitCode ?? 137, log: readFileSync(log, 'utf8'), reason };
  }

  async close(): Promise<void> {
    await Promise.all([...this.services.keys()].map((arn) => this.deleteService(arn)));
  }
}
