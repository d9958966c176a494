import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { applicationPath, DEFAULT_EXAMPLE } from '../../../cli/demo/example.ts';
import type { Repository, Seed, Seen, Token } from '../../../sandbox/cloud/github/state.ts';
import { renderWorkflows, type WorkflowSettings } from '../../../workflows/files.ts';
import { CommandWorld, Running } from '../../support/command-world.ts';
import { settingsWith } from '../configurations.ts';
import { expectLeastRights, type JobWithRights } from './rights.ts';
import { copyRepository, standIns, standInForNpm } from './surroundings.ts';
import { timesOf, understand, type Given, type Line, type RunResult } from './told.ts';

export interface Event {
  /** File below `.github/workflows`. */
  readonly workflow: string;
  readonly event: 'push' | 'pull_request' | 'workflow_dispatch' | 'workflow_run' | 'schedule';
  readonly payload?: Readonly<Record<string, unknown>>;
  /** Only this job of the file. Default: every one. */
  readonly job?: string;
  /** Runs without any secret, as GitHub does for a fork. */
  readonly fork?: boolean;
  readonly actor?: string;
  /** Id of the run, as reviews name it. Default: the next number. */
  readonly id?: string;
}

/** What `sluice status --json` says, as far as it is asked here. */
export interface Status {
  readonly url: string;
  readonly release?: {
    readonly slots: Readonly<
      Record<
        string,
        { readonly version: string; readonly services: Readonly<Record<string, { readonly image: string }>> }
      >
    >;
  };
  readonly live: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly open: readonly unknown[];
}

/** A line of `sluice history --json`. */
export interface Deployed {
  readonly deployment: string;
  readonly version: string;
  readonly kind: string;
  readonly status: string;
  readonly by: string;
}

type Jobs = Readonly<Record<string, JobWithRights>>;

/** A pushed tag. */
export const tagged = (tag: string): Event => ({
  workflow: 'deploy-production.yml',
  event: 'push',
  payload: { ref: `refs/tags/${tag}` },
});
export const pushed = (branch = 'main'): Event => ({
  workflow: 'deploy-staging.yml',
  event: 'push',
  payload: { ref: `refs/heads/${branch}` },
});
export const dispatched = (
  workflow: string,
  inputs: Readonly<Record<string, string>>,
  branch = 'main',
): Event => ({
  workflow,
  event: 'workflow_dispatch',
  payload: { ref: `refs/heads/${branch}`, inputs },
});

/**
 * A repository, its workflow files as rendered, a runner without containers (act), stand-ins for actions, and the
 * local cloud with the real engine. Jobs get what GitHub's runners have: a checkout, variables and secrets.
 */
export class Pipeline {
  readonly world: CommandWorld;
  readonly folder: string;
  readonly repository: string;
  readonly #arguments: readonly string[];
  readonly #secrets: Readonly<Record<string, string>>;
  /** Jobs of the files as they are run, by file. */
  #jobs: Readonly<Record<string, Jobs>> = {};
  #runs = 0;

  private constructor(world: CommandWorld, repository: string) {
    const { environment } = world;
    this.world = world;
    this.repository = repository;
    this.folder = dirname(repository);
    this.#secrets = Object.fromEntries(
      // What the local cloud gives no value for, is not there.
      Object.entries(this.#settings().github.secrets).flatMap(([name, { use }]) => {
        const value = environment[use];
        return value === undefined ? [] : [[name, value]];
      }),
    );
    this.#arguments = [
      '--platform=ubuntu-24.04=-self-hosted',
      '--action-offline-mode',
      '--no-skip-checkout',
      '--no-cache-server',
      '--json',
      `--var=PULUMI_BACKEND_URL=${environment['PULUMI_BACKEND_URL'] ?? ''}`,
      `--var=AWS_REGION=${environment['AWS_REGION'] ?? ''}`,
      ...standIns(this.folder),
    ];
  }

  /**
   * `example`: whose stack files the repository has; default: those of this one. `versions`: more versions of the
   * application beside those it has, as `versions.json` lists them.
   */
  static async open({
    example = DEFAULT_EXAMPLE,
    versions = {},
  }: {
    readonly example?: string;
    readonly versions?: Readonly<Record<string, object>>;
  } = {}): Promise<Pipeline> {
    const application = applicationPath(example);
    let repository = '';
    const world = await CommandWorld.empty({
      engine: 'real',
      application,
      repository: (directory) => {
        repository = join(directory, 'pipeline/repository');
        copyRepository(repository, example);
        const list = join(repository, application, 'versions.json');
        const all = JSON.parse(readFileSync(list, 'utf8')) as { versions: Record<string, object> };
        writeFileSync(list, JSON.stringify({ ...all, versions: { ...all.versions, ...versions } }, null, 2));
        return repository;
      },
    });
    const pipeline = new Pipeline(world, repository);
    pipeline.#prepare();
    await pipeline.render();
    return pipeline;
  }

  /** A repository as a clone would have it, and what stands in for a runner's own tools. */
  #prepare(): void {
    this.git('init', '-q', '-b', 'main');
    this.git('remote', 'add', 'origin', `https://github.com/${this.#full}.git`);
    this.commit('a repository');
    const bin = join(this.folder, 'bin');
    standInForNpm(bin);
    for (const fork of [false, true])
      writeFileSync(this.#environmentFile(fork), this.#environment(bin, fork));
  }

  #settings(): WorkflowSettings {
    return settingsWith({}, this.repository);
  }

  /** `owner/name` on GitHub. */
  get #full(): string {
    return this.#settings().github.repository.full;
  }

  /**
   * The workflow files of the repository's configuration, as it stands now; they are to be committed. What act runs differs from them in two
   * things: it knows no `queue`, and has one token for all jobs, where GitHub gives each its own with its own rights.
   */
  async render(): Promise<void> {
    mkdirSync(this.#workflows, { recursive: true });
    const tokens: Token[] = [];
    const files = renderWorkflows(this.#settings()).map(({ path, text }) => {
      const file = basename(path);
      // People commit them as they are; checks inside the pipeline compare.
      writeFileSync(join(this.repository, path), text);
      const { jobs } = parse(text) as { jobs: Jobs };
      for (const [id, { permissions = {} }] of Object.entries(jobs))
        tokens.push({ token: tokenOf(file, id), name: `${file}/${id}`, permissions });
      const forAct = text.replaceAll(/^ *queue: max\n/gm, '');
      let job = '';
      const lines = forAct.split('\n').map((line) => {
        job = /^ {2}([\w-]+):$/.exec(line)?.[1] ?? job;
        return line.replaceAll('${{ github.token }}', tokenOf(file, job));
      });
      writeFileSync(join(this.#workflows, file), lines.join('\n'));
      return [file, jobs] as const;
    });
    this.#jobs = Object.fromEntries(files);
    await this.seed({ tokens });
  }

  get #workflows(): string {
    return join(this.folder, 'workflows');
  }

  /** What jobs asked GitHub since the last time this was asked. */
  async calls(): Promise<readonly Seen[]> {
    const seen = await this.world.sandbox.call<Seen[]>('GET', '/github/calls');
    await this.world.sandbox.call('DELETE', '/github/calls');
    return seen;
  }

  /** Every job that ran had the rights that it took and no others, but for those that `more` gives a reason for. */
  async leastRights(
    workflow: string,
    run: Pick<RunResult, 'jobs'>,
    more: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
  ): Promise<void> {
    expectLeastRights(this.#jobs[workflow] ?? {}, Object.keys(run.jobs), await this.calls(), more);
  }

  github(): Promise<Repository> {
    return this.world.sandbox.call('GET', `/github/repositories/${this.#full}`);
  }

  async seed(seed: Omit<Seed, 'repository'>): Promise<void> {
    await this.world.sandbox.call('POST', '/github/seed', { repository: this.#full, ...seed });
  }

  #environmentFile(fork: boolean): string {
    return join(this.folder, fork ? 'environment-of-forks' : 'environment');
  }

  /** What every job has. Jobs of a fork are not told where the cloud is. */
  #environment(bin: string, fork: boolean): string {
    const own = (fork ? [] : Object.entries(this.world.environment)).filter(
      ([name]) =>
        /^(SLUICE_|PULUMI_|AWS_)/.test(name) && !(name in this.#secrets) && name !== 'PULUMI_BACKEND_URL',
    );
    return [
      ...own,
      ['GITHUB_API_URL', this.world.environment['GITHUB_API_URL'] ?? ''],
      ['STAND_IN_REPOSITORY', this.repository],
      ['STAND_IN_BIN', bin],
      ['STAND_IN_RECORD', join(this.folder, 'given.jsonl')],
      ['STAND_IN_ARTIFACTS', this.artifacts],
    ]
      .map(([name, value]) => `${name ?? ''}=${value ?? ''}`)
      .join('\n');
  }

  get artifacts(): string {
    return join(this.folder, 'artifacts');
  }

  git(...words: readonly string[]): string {
    const who = ['-c', 'user.name=ada', '-c', 'user.email=ada@example.org'];
    return execFileSync('git', ['-C', this.repository, ...who, ...words])
      .toString()
      .trim();
  }

  edit(path: string, change: (text: string) => string): void {
    const full = join(this.repository, path);
    writeFileSync(full, change(readFileSync(full, 'utf8')));
  }

  /** Seconds instead of minutes, as configuration has them: what is waited for, and how long. */
  shorten(stackFile: string): void {
    this.edit(stackFile, (text) =>
      text
        .replaceAll(/bake: \d+ minutes/g, 'bake: 2 seconds')
        .replaceAll(/\b(interval|timeout|startDelay): (5|10) seconds/g, '$1: 1 second'),
    );
    this.commit('seconds instead of minutes');
  }

  commit(message: string): void {
    this.git('add', '-A');
    this.git('commit', '-q', '--allow-empty', '-m', message);
  }

  /**
   * Runs one workflow as GitHub would for this event; resolves when every job has ended. `onLine`: what jobs print,
   * while they do.
   */
  async run(
    { workflow, event, job, payload = {}, fork = false, actor = 'ada', id }: Event,
    onLine: (text: string) => void = () => {},
  ): Promise<RunResult> {
    this.#runs += 1;
    const number = id ?? String(this.#runs);
    const file = join(this.folder, `event-${number}.json`);
    writeFileSync(file, JSON.stringify({ sender: { login: actor }, ...payload }));
    const secrets = Object.entries(fork ? {} : this.#secrets).flatMap(([name, value]) => [
      '-s',
      `${name}=${value}`,
    ]);
    const startedAt = performance.now();
    const child = spawn(
      'act',
      [
        event,
        `--eventpath=${file}`,
        `--actor=${actor}`,
        `--workflows=${join(this.#workflows, workflow)}`,
        `--env-file=${this.#environmentFile(fork)}`,
        `--env=GITHUB_RUN_ID=${number}`,
        ...(job === undefined ? [] : [`--job=${job}`]),
        ...this.#arguments,
        ...secrets,
      ],
      { cwd: this.repository, stdio: ['ignore', 'pipe', 'pipe'], env: process.env },
    );
    const lines: string[] = [];
    const seen: { at: number; line: Line }[] = [];
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (text) => {
        if (!text.startsWith('{')) return void lines.push(text);
        const line = JSON.parse(text) as Line;
        seen.push({ at: performance.now() - startedAt, line });
        if (line.raw_output === true) onLine(line.msg ?? '');
      });
    const code = await new Promise<number | null>((done) => child.once('close', done));
    const understood = understand(seen.map(({ line }) => line));
    const tookMs = performance.now() - startedAt;
    const times = timesOf(seen, ({ jobID }) => jobID);
    const log = [understood.log, ...lines, `${Math.round(tookMs / 1_000)} s: ${times}`].join('\n');
    // For people, and for docs/github.md: what the jobs of every run printed.
    const kept = process.env['ACT_LOGS'];
    if (kept !== undefined) {
      const steps = timesOf(seen, ({ jobID = '', step }) => step && `\n${jobID} > ${step}`);
      writeFileSync(join(kept, `${number}-${workflow}.log`), log + steps);
    }
    const given = this.#given().filter((g) => g.run === number);
    return { ...understood, log, code, given, tookMs, times };
  }

  #given(): readonly Given[] {
    const path = join(this.folder, 'given.jsonl');
    if (!existsSync(path)) return [];
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((l) => l !== '')
      .map((l) => JSON.parse(l) as Given);
  }

  /** A command as a person runs it in a clone of the repository; throws what it said when it fails. */
  async byHand(...words: readonly string[]): Promise<Running> {
    const { code, running } = await this.world.run(...words);
    if (code !== 0) throw new Error(running.told());
    return running;
  }

  /** The same by somebody else, on another machine with a token of GitHub of their own. */
  async asPerson(login: string, ...words: readonly string[]): Promise<Running> {
    const token = `token-of-${login}`;
    await this.seed({ tokens: [{ token, login, permissions: 'all' }] });
    const { environment, directory } = this.world;
    const all = [...words, '--directory', directory];
    const main = join(this.repository, 'cli/sluice.js');
    const running = new Running(all, { ...environment, GITHUB_TOKEN: token }, main);
    if ((await running.exited) !== 0) throw new Error(running.told());
    return running;
  }

  /** What `sluice status` says of a stack. */
  async status(stack: string): Promise<Status> {
    const { running } = await this.world.run('status', '--stack', stack);
    const { at: _, ...seen } = running.result('status');
    return seen as unknown as Status;
  }

  /** Versions with traffic in a stack, as they really are: `v1.0.0 90 %`, of every service alike. */
  async versions(stack: string): Promise<string[]> {
    const { live, release } = await this.status(stack);
    const shares = Object.values(live);
    expect(new Set(shares.map((s) => JSON.stringify(s))).size).toBe(1);
    return Object.entries(shares[0] ?? {})
      .flatMap(([slot, share]) => (share > 0 ? [`${release?.slots[slot]?.version ?? '?'} ${share} %`] : []))
      .toSorted();
  }

  /** What `sluice history` lists of a stack, newest first. */
  async history(stack: string): Promise<readonly Deployed[]> {
    const running = await this.byHand('history', '--stack', stack);
    return running.lines.filter((l) => l.type === 'deployment') as unknown as Deployed[];
  }

  close(): Promise<unknown> {
    return this.world.close();
  }
}

const tokenOf = (file: string, job: string): string => `token-of-${file}-${job}`;
