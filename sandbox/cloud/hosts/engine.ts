import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import type { Reaper } from '../reaper-client.ts';
import type { Registry } from '../registry.ts';
import { freePort } from '../free-port.ts';
import { DockerError, type ComposeProject, type ContainerSpec } from './compose-file.ts';
import { Container } from './container.ts';
import { isPostgres, programOf } from './images.ts';

export interface EngineParts {
  readonly registry: Registry;
  readonly reaper: Reaper;
  /** Folder for the containers' logs. */
  readonly logs: string;
  /** Superuser's URL of the cloud's PostgreSQL; undefined where it has none. */
  readonly postgres: (() => string) | undefined;
}

const key = (project: string, service: string): string => `${project}/${service}`;
const DEPENDENCY_MS = 120_000;

/** The containers of one host: a small Docker whose containers are processes. */
export class Engine {
  readonly containers = new Map<string, Container>();
  /** Image references that cannot be pulled, and why; a fault of tests. */
  readonly broken = new Map<string, string>();
  readonly #pulled = new Set<string>();
  readonly #parts: EngineParts;
  /** Ports of this machine, given once: `project/service:port`. */
  readonly #ports = new Map<string, Promise<number>>();

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  pull(project: ComposeProject): void {
    for (const { image } of project.services) {
      for (const [pattern, why] of this.broken) if (image.includes(pattern)) throw new DockerError(why);
      if (programOf(image, this.#parts.registry) === undefined)
        throw new DockerError(`manifest for ${image} not found: manifest unknown`);
      this.#pulled.add(image);
    }
  }

  hasImage(reference: string): boolean {
    return this.#pulled.has(reference);
  }

  of(project: string): Container[] {
    return [...this.containers.values()].filter(({ spec }) => spec.project === project);
  }

  find(project: string, service: string): Container | undefined {
    return this.containers.get(key(project, service));
  }

  /** Starts what is new, replaces what has changed, leaves alone what is as wanted. */
  async up(project: ComposeProject, removeOrphans: boolean): Promise<string[]> {
    this.pull(project);
    const wanted = new Set(project.services.map((s) => s.service));
    const done: string[] = [];
    if (removeOrphans)
      for (const container of this.of(project.name))
        if (!wanted.has(container.spec.service)) {
          await this.#remove(container);
          done.push(`Container ${container.spec.service}  Removed`);
        }
    const started = new Map<string, Promise<void>>();
    const start = (spec: ContainerSpec): Promise<void> => {
      const known = started.get(spec.service);
      if (known !== undefined) return known;
      const work = this.#bring(project, spec, start, done);
      started.set(spec.service, work);
      return work;
    };
    await Promise.all(project.services.map(start));
    return done;
  }

  async #bring(
    project: ComposeProject,
    spec: ContainerSpec,
    start: (spec: ContainerSpec) => Promise<void>,
    done: string[],
  ): Promise<void> {
    for (const [name, condition] of Object.entries(spec.needs)) {
      const needed = project.services.find((s) => s.service === name);
      if (needed === undefined) continue;
      await start(needed);
      if (condition === 'service_healthy') await this.#healthy(project.name, name);
    }
    const old = this.find(spec.project, spec.service);
    if (old?.spec.hash === spec.hash && old.running) return;
    if (old !== undefined) await this.#remove(old);
    const program = programOf(spec.image, this.#parts.registry);
    if (program === undefined) throw new DockerError(`No such image: ${spec.image}`);
    const id = randomBytes(6).toString('hex');
    const ports = await this.#portsOf(project, spec);
    if (isPostgres(spec.image)) await this.#database(spec);
    const log = join(this.#parts.logs, `${spec.project}-${spec.service}.log`);
    const container = new Container(spec, id, { reaper: this.#parts.reaper, log, program, ports });
    this.containers.set(key(spec.project, spec.service), container);
    container.start();
    done.push(`Container ${spec.project}-${spec.service}-1  Started`);
  }

  async #healthy(project: string, service: string): Promise<void> {
    const deadline = Date.now() + DEPENDENCY_MS;
    for (;;) {
      const container = this.find(project, service);
      if (container?.health === 'healthy' || container?.health === 'none') return;
      if (container === undefined || container.health === 'unhealthy' || Date.now() > deadline)
        throw new DockerError(`dependency failed to start: container ${service} is unhealthy`);
      await delay(20);
    }
  }

  /** Whatever a container may listen on or call by name. Networks shared by projects are one here. */
  async #portsOf(project: ComposeProject, spec: ContainerSpec) {
    const own: Record<string, number> = {};
    const others: Record<string, number> = {};
    const specs = new Map(
      [...this.containers.values()].map((c) => [key(c.spec.project, c.spec.service), c.spec]),
    );
    for (const s of project.services) specs.set(key(s.project, s.service), s);
    for (const s of specs.values()) {
      const same = s.project === spec.project;
      for (const port of s.exposed) {
        const here = await this.#portFor(s, port);
        // A service of the own project hides one of the same name in another.
        if (same || others[`${s.service}:${port}`] === undefined) others[`${s.service}:${port}`] = here;
        if (same && s.service === spec.service) own[String(port)] = here;
      }
    }
    return { own, others };
  }

  async #portFor(spec: ContainerSpec, port: number): Promise<number> {
    if (isPostgres(spec.image) && port === 5432) return Number(new URL(this.#postgres()).port);
    const published = [...spec.ports].find(([, inside]) => inside === port)?.[0];
    if (published !== undefined) return published;
    const name = `${key(spec.project, spec.service)}:${port}`;
    const given = this.#ports.get(name) ?? freePort();
    this.#ports.set(name, given);
    return given;
  }

  #postgres(): string {
    const { postgres } = this.#parts;
    if (postgres === undefined) throw new DockerError('this sandbox was started without PostgreSQL');
    return postgres();
  }

  /** What the image's entry point does on its first start: user and database by its environment. */
  async #database({ environment }: ContainerSpec): Promise<void> {
    const { POSTGRES_USER: user = 'postgres', POSTGRES_PASSWORD: password = '' } = environment;
    const database = environment['POSTGRES_DB'] ?? user;
    const client = new Client({ connectionString: this.#postgres() });
    await client.connect();
    try {
      const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [user]);
      const verb = rowCount === 0 ? 'CREATE' : 'ALTER';
      await client.query(`${verb} ROLE ${escapeIdentifier(user)} LOGIN PASSWORD ${escapeLiteral(password)}`);
      const there = await client.query('select 1 from pg_database where datname = $1', [database]);
      if (there.rowCount === 0)
        await client.query(`CREATE DATABASE ${escapeIdentifier(database)} OWNER ${escapeIdentifier(user)}`);
    } finally {
      await client.end();
    }
  }

  async #remove(container: Container): Promise<void> {
    await container.stop();
    this.containers.delete(key(container.spec.project, container.spec.service));
  }

  async down(project: string): Promise<void> {
    await Promise.all(this.of(project).map((c) => this.#remove(c)));
  }

  async stop(project: string, services: readonly string[]): Promise<void> {
    const chosen = this.of(project).filter((c) => services.length === 0 || services.includes(c.spec.service));
    await Promise.all(chosen.map((c) => c.stop()));
  }

  async close(): Promise<void> {
    await Promise.all([...this.containers.values()].map((c) => this.#remove(c)));
  }
}
