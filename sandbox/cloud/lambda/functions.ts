import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { GroupMetrics } from '../balancer/metrics.ts';
import { splitter } from '../balancer/weights.ts';
import { CloudError } from '../options.ts';
import type { Reaper } from '../reaper-client.ts';
import { unpackCode, type Code } from './code.ts';
import type { Answer } from './environment.ts';
import { Pool } from './pool.ts';

/** A function's configuration; names are ours, values AWS's. */
export interface FunctionSpec {
  readonly runtime: string;
  readonly handler: string;
  readonly architecture: string;
  /** MiB. */
  readonly memory: number;
  /** Seconds. */
  readonly timeout: number;
  readonly role: string;
  readonly description: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly bucket: string;
  readonly key: string;
}

export interface Version extends Code {
  /** `$LATEST`, or a number as text. */
  readonly number: string;
  readonly arn: string;
  readonly spec: FunctionSpec;
  readonly pool: Pool;
  /** Users' requests: those that came through an alias. */
  readonly metrics: GroupMetrics;
}

export interface AliasSpec {
  readonly version: string;
  /** Other version → share from 0 to 1. */
  readonly additional: Readonly<Record<string, number>>;
  readonly description: string;
}

interface Alias {
  readonly name: string;
  spec: AliasSpec;
  next: () => string | undefined;
}

interface Fn {
  readonly name: string;
  readonly arn: string;
  latest: Version;
  readonly versions: Map<string, Version>;
  readonly aliases: Map<string, Alias>;
  numbers: number;
}

export interface Invoked extends Answer {
  readonly version: Version;
}

export interface FunctionParts {
  readonly arn: (name: string) => string;
  readonly region: string;
  readonly directory: string;
  readonly reaper: Reaper;
  readonly artifact: (bucket: string, key: string) => Promise<Buffer>;
  /** What every function finds in its environment: region, where S3 is. */
  readonly base: () => Readonly<Record<string, string>>;
}

const notFound = (what: string): CloudError =>
  new CloudError('ResourceNotFoundException', `${what} does not exist`);

/** Functions, their published versions and aliases. Realised by processes that run the code of the artifact. */
export class Functions {
  readonly #parts: FunctionParts;
  readonly #functions = new Map<string, Fn>();

  constructor(parts: FunctionParts) {
    this.#parts = parts;
  }

  async create(name: string, spec: FunctionSpec): Promise<Version> {
    if (this.#functions.has(name))
      throw new CloudError('ResourceConflictException', `function already exists: ${name}`);
    const arn = this.#parts.arn(name);
    const latest = await this.#build(name, arn, '$LATEST', spec);
    this.#functions.set(name, { name, arn, latest, versions: new Map(), aliases: new Map(), numbers: 0 });
    return latest;
  }

  async update(name: string, spec: FunctionSpec): Promise<Version> {
    const fn = this.#find(name);
    const before = fn.latest;
    fn.latest = await this.#build(name, fn.arn, '$LATEST', spec);
    await before.pool.close();
    return fn.latest;
  }

  /** What `$LATEST` is becomes a version that never changes; the same as the last one again stays that one. */
  publish(name: string): Version {
    const fn = this.#find(name);
    const last = [...fn.versions.values()].at(-1);
    const { latest } = fn;
    if (last?.codeSha256 === latest.codeSha256 && JSON.stringify(last.spec) === JSON.stringify(latest.spec))
      return last;
    fn.numbers += 1;
    const number = String(fn.numbers);
    const version = this.#version(name, `${fn.arn}:${number}`, number, latest.spec, latest);
    fn.versions.set(number, version);
    return version;
  }

  async delete(name: string, qualifier?: string): Promise<void> {
    const fn = this.#find(name);
    if (qualifier === undefined) {
      this.#functions.delete(name);
      await Promise.all([fn.latest, ...fn.versions.values()].map((v) => v.pool.close()));
      return;
    }
    const version = this.version(name, qualifier);
    const user = [...fn.aliases.values()].find((a) => versionsOf(a.spec).includes(version.number));
    if (user !== undefined)
      throw new CloudError(
        'ResourceConflictException',
        `version ${version.number} of ${name} is in use by alias ${user.name}`,
      );
    fn.versions.delete(version.number);
    await version.pool.close();
  }

  exists(name: string): boolean {
    return this.#functions.has(name);
  }

  versions(name: string): readonly Version[] {
    const fn = this.#find(name);
    return [fn.latest, ...fn.versions.values()];
  }

  version(name: string, qualifier: string | undefined): Version {
    const fn = this.#find(name);
    if (qualifier === undefined || qualifier === '$LATEST') return fn.latest;
    const version = fn.versions.get(qualifier);
    if (version === undefined) throw notFound(`function version ${fn.arn}:${qualifier}`);
    return version;
  }

  /** By the ARN of a published version: what the counts of a version are asked by. */
  byArn(arn: string): Version | undefined {
    for (const fn of this.#functions.values())
      for (const version of fn.versions.values()) if (version.arn === arn) return version;
    return undefined;
  }

  setAlias(name: string, alias: string, spec: AliasSpec): void {
    const fn = this.#find(name);
    for (const number of versionsOf(spec)) this.version(name, number);
    const shares = Object.values(spec.additional);
    if (shares.length > 1 || shares.some((s) => !(s >= 0 && s <= 1)))
      throw new CloudError(
        'InvalidParameterValueException',
        'an alias takes one additional version with a weight from 0 to 1',
      );
    if (spec.version === '$LATEST' && shares.length > 0)
      throw new CloudError('InvalidParameterValueException', '$LATEST cannot share an alias');
    fn.aliases.set(alias, { name: alias, spec, next: splitOf(spec) });
  }

  alias(name: string, alias: string): AliasSpec & { readonly arn: string } {
    const fn = this.#find(name);
    const found = fn.aliases.get(alias);
    if (found === undefined) throw notFound(`alias ${fn.arn}:${alias}`);
    return { ...found.spec, arn: `${fn.arn}:${alias}` };
  }

  deleteAlias(name: string, alias: string): void {
    this.#functions.get(name)?.aliases.delete(alias);
  }

  /** Through an alias: one of its versions by weight, counted as a user's request. By version: counted by nobody. */
  async invoke(name: string, qualifier: string | undefined, event: unknown): Promise<Invoked> {
    const fn = this.#find(name);
    const alias = qualifier === undefined ? undefined : fn.aliases.get(qualifier);
    const version = this.version(name, alias === undefined ? qualifier : alias.next());
    const startedAt = performance.now();
    const answer = await version.pool.invoke(randomUUID(), event);
    const latencyMs = performance.now() - startedAt;
    if (alias !== undefined)
      version.metrics.record(Date.now(), {
        status: answer.ok ? 200 : 500,
        latencyMs,
        connectionError: false,
        broken: false,
      });
    return { ...answer, version };
  }

  list(): readonly { readonly name: string; readonly versions: number; readonly running: number }[] {
    return [...this.#functions.values()].map((fn) => ({
      name: fn.name,
      versions: fn.versions.size,
      running: [...fn.versions.values()].reduce((sum, v) => sum + v.pool.running, 0),
    }));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#functions.keys()].map((name) => this.delete(name)));
  }

  #find(name: string): Fn {
    const fn = this.#functions.get(name);
    if (fn === undefined) throw notFound(`function ${this.#parts.arn(name)}`);
    return fn;
  }

  async #build(name: string, arn: string, number: string, spec: FunctionSpec): Promise<Version> {
    const archive = await this.#parts.artifact(spec.bucket, spec.key);
    return this.#version(
      name,
      arn,
      number,
      spec,
      await unpackCode(join(this.#parts.directory, 'code'), archive),
    );
  }

  #version(name: string, arn: string, number: string, spec: FunctionSpec, code: Code): Version {
    const { folder, codeSha256, codeSize } = code;
    const pool = new Pool(
      {
        folder,
        memory: spec.memory,
        timeout: spec.timeout * 1000,
        log: join(this.#parts.directory, 'logs', name, `${number.replace('$', '')}.log`),
        variables: {
          ...this.#parts.base(),
          AWS_LAMBDA_FUNCTION_NAME: name,
          AWS_LAMBDA_FUNCTION_VERSION: number,
          AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memory),
          AWS_EXECUTION_ENV: `AWS_Lambda_${spec.runtime}`,
          LAMBDA_TASK_ROOT: folder,
          _HANDLER: spec.handler,
          ...spec.variables,
        },
      },
      this.#parts.reaper,
    );
    return { number, arn, spec, folder, codeSha256, codeSize, pool, metrics: new GroupMetrics(Date.now()) };
  }
}

const versionsOf = ({ version, additional }: AliasSpec): string[] => [version, ...Object.keys(additional)];

/** Exact shares, evenly spread, where AWS throws dice: the same in every run. */
const splitOf = ({ version, additional }: AliasSpec): (() => string | undefined) => {
  const others = Object.entries(additional).map(([arn, share]) => ({
    arn,
    weight: Math.round(share * 1000),
  }));
  const rest = 1000 - others.reduce((sum, o) => sum + o.weight, 0);
  return splitter([{ arn: version, weight: rest }, ...others]);
};
