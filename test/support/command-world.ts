import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { openStack, type OpenedStack } from '../../cli/session/find.ts';
import { controlStore } from '../../release/adapters/control.ts';
import { journalStore } from '../../release/adapters/journal.ts';
import { recordStore } from '../../release/adapters/records.ts';
import type { OperatorCommand } from '../../release/core/engine/effects.ts';
import type { LiveShares, State } from '../../release/core/engine/types.ts';
import { drift, settable } from '../../release/core/engine/weights.ts';
import type { DeploymentRecord } from '../../release/core/records/schema.ts';
import type { StackOutputs } from '../../release/ports/stack.ts';
import { readLive } from '../../release/runner/effects/live.ts';
import type { Fault } from '../../sandbox/cloud/faults.ts';
import type { S3Fault } from '../../sandbox/cloud/routes.ts';
import { connectSandbox, type Sandbox } from '../../sandbox/client.ts';
import { startTraffic, type Summary, type TrafficRun } from '../../sandbox/traffic/client.ts';

/** One line that a command printed with `--json`. */
export type Line = { readonly type: string } & Readonly<Record<string, unknown>>;

const MAIN = resolve(import.meta.dirname, '../../cli/sluice.js');
/** The real engine takes its time on a busy machine. */
const PATIENCE_MS = 150_000;

/** A `sluice` command in a process of its own, as a person or a job starts it. */
export class Running {
  readonly lines: Line[] = [];
  readonly exited: Promise<number | null>;
  readonly child: ChildProcess;
  #errors = '';

  constructor(args: readonly string[], environment: NodeJS.ProcessEnv, main = MAIN) {
    this.child = spawn(process.execPath, [main, ...args, '--json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environment,
    });
    const { stdout, stderr } = this.child;
    if (stdout === null || stderr === null) throw new Error('no pipes');
    createInterface({ input: stdout }).on('line', (text) => this.lines.push(JSON.parse(text) as Line));
    stderr.on('data', (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
    this.exited = new Promise((done) => {
      this.child.once('close', (code) => done(code));
    });
  }

  /** Waits for a line that fits. */
  async until(what: string, fits: (line: Line) => boolean): Promise<Line> {
    const deadline = Date.now() + PATIENCE_MS;
    while (Date.now() < deadline) {
      const found = this.lines.find(fits);
      if (found !== undefined) return found;
      if (this.child.exitCode !== null) break;
      await delay(20);
    }
    throw new Error(`${what} did not come:\n${this.told()}`);
  }

  /** The first stage has its traffic, read back, and bakes. */
  baking(stage = 'canary'): Promise<Line> {
    return this.until(`the bake of ${stage}`, (l) =>
      String(l['what']).startsWith(`${stage}: weights read back`),
    );
  }

  /** Both outputs, as they came. */
  told(): string {
    return [...this.lines.map((l) => JSON.stringify(l)), this.#errors].join('\n');
  }

  /** What it printed as its result; throws what it said instead. */
  result(type: string): Line {
    const found = this.lines.findLast((l) => l.type === type);
    if (found === undefined) throw new Error(`no ${type}:\n${this.told()}`);
    return found;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}

export interface Look {
  readonly outputs: StackOutputs;
  readonly live: LiveShares;
  readonly drift: readonly string[];
  readonly open: readonly State[];
}

export interface WorldOptions {
  /** Default: the embedded one. */
  readonly engine?: 'embedded' | 'real';
  /** Makes the repository whose commands are used, in the world's folder. Default: this one. */
  readonly repository?: (directory: string) => string;
  /** Folder of the application, from the repository's root. Default: Azora's. */
  readonly application?: string;
  /** Added to the environment of every command. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Done before version 1 is deployed. */
  readonly prepare?: (world: CommandWorld) => Promise<void>;
}

/** A local cloud as `sluice sandbox up` makes it, with version 1 live and users on it. */
export class CommandWorld {
  readonly directory: string;
  readonly sandbox: Sandbox;
  /** What every command is started with. */
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  readonly #main: string;
  readonly #started: Running[] = [];
  #traffic: TrafficRun | undefined;

  /** Variables of this process as they were. */
  readonly #shell = new Map<string, string | undefined>();

  private constructor(directory: string, main: string, sandbox: Sandbox, environment: NodeJS.ProcessEnv) {
    this.directory = directory;
    this.#main = main;
    this.sandbox = sandbox;
    this.environment = environment;
    // What is asked in this process is asked in the same surroundings.
    for (const name of new Set([...Object.keys(process.env), ...Object.keys(environment)])) {
      if (!/^(PULUMI_|SLUICE_)/.test(name)) continue;
      this.#shell.set(name, process.env[name]);
      const value = environment[name];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }

  /** A local cloud with nothing deployed yet. */
  static async empty({
    engine = 'embedded',
    environment: more = {},
    repository,
    application,
  }: WorldOptions = {}): Promise<CommandWorld> {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-survival-'));
    const environment: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1' };
    // The embedded engine, whatever the shell of the tests names.
    for (const name of Object.keys(environment))
      if (/^(PULUMI_|SLUICE_)/.test(name)) delete environment[name];
    Object.assign(environment, more);
    const main = repository === undefined ? MAIN : join(repository(directory), 'cli/sluice.js');
    const command = async (...args: string[]): Promise<Running> => {
      const running = new Running([...args, '--directory', directory], environment, main);
      if ((await running.exited) !== 0) throw new Error(running.told());
      return running;
    };
    const code = application === undefined ? [] : ['--application', join(dirname(main), '..', application)];
    await command('sandbox', 'up', ...code);
    if (engine === 'real') {
      const { type: _, ...attached } = (await command('sandbox', 'env')).result('environment');
      Object.assign(environment, attached);
    }
    return new CommandWorld(directory, main, await connectSandbox(join(directory, 'sandbox')), environment);
  }

  static async open(options: WorldOptions = {}): Promise<CommandWorld> {
    const world = await CommandWorld.empty(options);
    try {
      await options.prepare?.(world);
      const first = world.start('deploy', '--version', 'v1.0.0');
      await first.until('the first stage', (l) => String(l['what']).includes('weights read back'));
      await world.say('promote');
      if ((await first.exited) !== 0) throw new Error(first.told());
    } catch (error) {
      await world.close();
      throw error;
    }
    const { outputs } = await world.look();
    world.#traffic = startTraffic({ url: outputs.url, rate: 60, seed: 3 });
    return world;
  }

  start(...args: string[]): Running {
    const running = new Running([...args, '--directory', this.directory], this.environment, this.#main);
    this.#started.push(running);
    return running;
  }

  /** Runs a command to its end. */
  async run(...args: string[]): Promise<{ code: number | null; running: Running }> {
    const running = this.start(...args);
    return { code: await running.exited, running };
  }

  /** Starts a release with a short lease, so that a dead runner is told from a slow one in seconds. */
  deploy(version = 'v1.0.0', ...more: string[]): Running {
    return this.start('deploy', '--version', version, '--lease', '3 seconds', ...more);
  }

  /** The world without a command: it is asked often, and a process costs a second. */
  async look(): Promise<Look> {
    return await this.#with(async ({ session }) => {
      const outputs = await session.outputs();
      const live = await readLive(session.run(outputs, 'unnamed').ports.traffic, outputs.routing);
      const open = await journalStore(session.objects(outputs).lease, 'production').listOpen();
      return { outputs, live, drift: drift(live, outputs.release), open };
    });
  }

  async record(deployment: string): Promise<DeploymentRecord | undefined> {
    return await this.#with(async ({ session }) => {
      const { record } = session.objects(await session.outputs());
      return await recordStore(record, 'production').read(deployment);
    });
  }

  /** What a person says from another machine. */
  async say(command: OperatorCommand['command']): Promise<void> {
    await this.#with(async ({ session }) => {
      const { lease } = session.objects(await session.outputs());
      const [open] = await journalStore(lease, 'production').listOpen();
      if (open === undefined) throw new Error('nothing is open');
      const said = { command, by: 'grace', why: 'I looked', at: Date.now() };
      await controlStore(lease, 'production').say(open.request.deployment, said);
    });
  }

  async #with<T>(work: (opened: OpenedStack) => Promise<T>): Promise<T> {
    const opened = await openStack({ stack: 'production', directory: this.directory });
    try {
      return await work(opened);
    } finally {
      await opened.close();
    }
  }

  /** Somebody sets the weights of every service in the console of the load balancer. */
  async byHand(shares: { readonly blue: number; readonly green: number }): Promise<void> {
    await this.#with(async ({ session }) => {
      const outputs = await session.outputs();
      const names = Object.keys(outputs.routing.services);
      const all = Object.fromEntries(names.map((name) => [name, shares]));
      const rules = settable(all, outputs.routing).map((w) => ({ arn: w.rule, weights: w.weights }));
      await session.run(outputs, 'unnamed').ports.traffic.write(rules);
    });
  }

  /** Everything that the commands so far have printed. */
  printed(): string {
    return this.#started.map((running) => running.told()).join('\n');
  }

  /** Opens the stack in this process, as a command does. */
  async session<T>(work: (opened: OpenedStack) => Promise<T>): Promise<T> {
    return await this.#with(work);
  }

  /** Lets something go wrong in the cloud, or takes all of it back. */
  async fault(fault: Fault): Promise<void> {
    await this.sandbox.call('POST', '/faults', fault);
  }
  async storageFault(fault: S3Fault): Promise<void> {
    await this.sandbox.call('POST', '/s3/faults', fault);
  }

  /** Ends everything; resolves to what users saw. */
  async close(): Promise<Summary | undefined> {
    const summary = await this.#traffic?.stop().catch(() => undefined);
    for (const { child } of this.#started) if (child.exitCode === null) child.kill('SIGKILL');
    await this.sandbox.shutdown();
    for (const [name, value] of this.#shell) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(this.directory, { recursive: true, force: true });
    return summary;
  }
}
