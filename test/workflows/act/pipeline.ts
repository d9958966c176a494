import { execFile, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { expect } from 'vitest';
import { seedGithub } from '../../../cli/demo/seed-github.ts';
import { parseApp } from '../../../config/app.ts';
import { readStackFile } from '../../../config/stack-file.ts';
import type { Repository, Seed, Seen } from '../../../sandbox/cloud/github/state.ts';
import { PINS } from '../../../workflows/pins.ts';
import { CommandWorld } from '../../support/command-world.ts';

const ROOT = join(import.meta.dirname, '../../..');
const REPOSITORY = 'azora/azora';

/** What an action was given, in the order of the runs. */
export interface Given {
  readonly action: string;
  readonly job: string;
  readonly given: Readonly<Record<string, string>>;
}

/** One line of what act says. */
interface Line {
  readonly jobID?: string;
  readonly step?: string;
  readonly msg?: string;
  readonly raw_output?: boolean;
  readonly jobResult?: 'success' | 'failure';
  readonly command?: string;
  readonly content?: string;
  readonly name?: string;
  readonly arg?: string;
}

export interface RunResult {
  readonly code: number | null;
  /** By id of the job; one that is not there was skipped. */
  readonly jobs: Readonly<Record<string, 'success' | 'failure'>>;
  /** What scripts printed, by job. */
  readonly printed: Readonly<Record<string, string>>;
  /** Job summaries, by job. */
  readonly summaries: Readonly<Record<string, string>>;
  /** Outputs of steps, by job. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly given: readonly Given[];
  readonly tookMs: number;
  /** Everything, for messages of failing tests. */
  readonly log: string;
}

export interface Event {
  /** File below `.github/workflows`. */
  readonly workflow: string;
  readonly event: 'push' | 'pull_request' | 'workflow_dispatch' | 'schedule';
  readonly payload?: Readonly<Record<string, unknown>>;
  /** Runs without any secret, as GitHub does for a fork. */
  readonly fork?: boolean;
  readonly actor?: string;
}

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
export const dispatched = (workflow: string, inputs: Readonly<Record<string, string>>): Event => ({
  workflow,
  event: 'workflow_dispatch',
  payload: { ref: 'refs/heads/main', inputs },
});

const tidyText = (text: string): string =>
  text
    // eslint-disable-next-line no-control-regex
    .replaceAll(/\u001B\[[0-9;?]*[A-Za-z]/g, '')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '' && !line.includes('Unknown user config'))
    .join('\n');

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

  private constructor(world: CommandWorld, folder: string, secrets: Readonly<Record<string, string>>) {
    this.world = world;
    this.folder = folder;
    this.repository = join(folder, 'repository');
    this.#secrets = secrets;
    this.#arguments = [
      '--platform=ubuntu-24.04=-self-hosted',
      '--action-offline-mode',
      '--no-skip-checkout',
      '--no-cache-server',
      '--json',
      `--var=PULUMI_BACKEND_URL=${world.environment['PULUMI_BACKEND_URL'] ?? ''}`,
      '--var=AWS_REGION=eu-west-1',
      ...standIns(folder),
    ];
  }

  /** `versions`: more versions of the application beside those it has, as `versions.json` lists them. */
  static async open(versions: Readonly<Record<string, object>> = {}): Promise<Pipeline> {
    const world = await CommandWorld.empty({ engine: 'real' });
    const folder = join(world.directory, 'pipeline');
    const { environment } = world;
    const pipeline = new Pipeline(world, folder, {
      GITHUB_TOKEN: environment['GITHUB_TOKEN'] ?? '',
      PULUMI_CONFIG_PASSPHRASE: environment['PULUMI_CONFIG_PASSPHRASE'] ?? '',
    });
    pipeline.#prepare(versions);
    const file = readFileSync(join(pipeline.repository, 'Pulumi.production.yaml'), 'utf8');
    const app = parseApp(JSON.parse(readStackFile(file, 'sluice')['sluice:app'] ?? ''), {
      stack: 'production',
    });
    await seedGithub(world.sandbox, app, join(pipeline.repository, 'examples/azora/app'));
    return pipeline;
  }

  /** A repository as a clone would have it, and what stands in for a runner's own tools. */
  #prepare(versions: Readonly<Record<string, object>>): void {
    mkdirSync(this.repository, { recursive: true });
    const files = execFileSync('git', [
      '-C',
      ROOT,
      'ls-files',
      '-z',
      '--cached',
      '--others',
      '--exclude-standard',
    ])
      .toString()
      .split('\0')
      .filter((f) => f !== '' && !/^(bench|docs|test)\//.test(f) && existsSync(join(ROOT, f)));
    const packed = execFileSync('tar', ['c', '-C', ROOT, '--null', '-T', '-'], {
      input: files.join('\0'),
      maxBuffer: 1 << 28,
    });
    execFileSync('tar', ['x', '-C', this.repository], { input: packed });
    this.edit('examples/azora/app/versions.json', (text) => {
      const all = JSON.parse(text) as { versions: Record<string, object> };
      return JSON.stringify({ ...all, versions: { ...all.versions, ...versions } }, null, 2);
    });
    this.#forAct();
    this.git('init', '-q', '-b', 'main');
    this.git('remote', 'add', 'origin', `https://github.com/${REPOSITORY}.git`);
    this.commit('a repository');
    const bin = join(this.folder, 'bin');
    mkdirSync(bin, { recursive: true });
    // What is installed for the tests is what `npm ci` would install.
    const npm = `#!/bin/sh\nif [ "$1" = ci ]; then ln -sfn '${join(ROOT, 'node_modules')}' node_modules; else echo "no npm $1 here" >&2; exit 1; fi\n`;
    writeFileSync(join(bin, 'npm'), npm);
    chmodSync(join(bin, 'npm'), 0o755);
    for (const fork of [false, true])
      writeFileSync(this.#environmentFile(fork), this.#environment(bin, fork));
  }

  /** act knows no `queue`: the one thing in which what it runs differs from the rendered files. */
  #forAct(): void {
    const folder = join(this.repository, '.github/workflows');
    mkdirSync(this.#workflows, { recursive: true });
    for (const file of readdirSync(folder)) {
      const text = readFileSync(join(folder, file), 'utf8');
      writeFileSync(join(this.#workflows, file), text.replaceAll(/^ *queue: max\n/gm, ''));
    }
  }

  get #workflows(): string {
    return join(this.folder, 'workflows');
  }

  /** A token of a job: what the jobs of this workflow may do, and nothing else. */
  async #token(workflow: string): Promise<string> {
    const read = parse(readFileSync(join(this.#workflows, workflow), 'utf8')) as {
      jobs: Record<string, { permissions?: Record<string, 'read' | 'write'> }>;
    };
    const permissions: Record<string, 'read' | 'write'> = { metadata: 'read' };
    for (const job of Object.values(read.jobs))
      for (const [scope, access] of Object.entries(job.permissions ?? {}))
        if (permissions[scope.replaceAll('-', '_')] !== 'write')
          permissions[scope.replaceAll('-', '_')] = access;
    const token = `token-of-${workflow}`;
    const seed: Seed = { repository: REPOSITORY, tokens: [{ token, permissions }] };
    await this.world.sandbox.call('POST', '/github/seed', seed);
    return token;
  }

  /** What the jobs asked GitHub since the last time this was asked: the rights that it took. */
  async rightsUsed(): Promise<readonly string[]> {
    const seen = await this.world.sandbox.call<Seen[]>('GET', '/github/calls');
    await this.world.sandbox.call('DELETE', '/github/calls');
    expect(seen.filter((s) => s.status === 401 || s.status === 403)).toEqual([]);
    // Where one of several rights is enough, the first is the one that jobs are given.
    const rights = seen.flatMap((s) => s.needs?.split('; ')[0] ?? []);
    return [...new Set(rights)].filter((right) => !right.startsWith('metadata')).toSorted();
  }

  github(): Promise<Repository> {
    return this.world.sandbox.call('GET', `/github/repositories/${REPOSITORY}`);
  }

  async seed(seed: Omit<Seed, 'repository'>): Promise<void> {
    await this.world.sandbox.call('POST', '/github/seed', { repository: REPOSITORY, ...seed });
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

  commit(message: string): void {
    this.git('add', '-A');
    this.git('commit', '-q', '--allow-empty', '-m', message);
  }

  /** Runs one workflow as GitHub would for this event; resolves when every job has ended. */
  async run({ workflow, event, payload = {}, fork = false, actor = 'ada' }: Event): Promise<RunResult> {
    const before = this.#given().length;
    const file = join(this.folder, `event-${before}-${workflow}.json`);
    writeFileSync(file, JSON.stringify({ sender: { login: actor }, ...payload }));
    const secrets = Object.entries(
      fork ? {} : { ...this.#secrets, GITHUB_TOKEN: await this.#token(workflow) },
    ).flatMap(([name, value]) => ['-s', `${name}=${value}`]);
    const startedAt = performance.now();
    const child = spawn(
      'act',
      [
        event,
        `--eventpath=${file}`,
        `--actor=${actor}`,
        `--workflows=${join(this.#workflows, workflow)}`,
        `--env-file=${this.#environmentFile(fork)}`,
        ...this.#arguments,
        ...secrets,
      ],
      { cwd: this.repository, stdio: ['ignore', 'pipe', 'pipe'], env: process.env },
    );
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (l) => lines.push(l));
    const code = await new Promise<number | null>((done) => child.once('close', done));
    const understood = understand(lines);
    // For people, and for docs/github.md: what the jobs of every run printed.
    const kept = process.env['ACT_LOGS'];
    if (kept !== undefined) writeFileSync(join(kept, `${before}-${workflow}.log`), understood.log);
    return {
      ...understood,
      code,
      given: this.#given().slice(before),
      tookMs: performance.now() - startedAt,
    };
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
  async byHand(...words: readonly string[]): Promise<void> {
    symlinkSync(join(ROOT, 'node_modules'), join(this.repository, 'node_modules'));
    const command = [join(this.repository, 'cli/main.ts'), ...words, '--directory', this.world.directory];
    await promisify(execFile)(process.execPath, command, { env: { ...this.world.environment } });
  }

  close(): Promise<unknown> {
    return this.world.close();
  }
}

/** One folder an action: its name says what it stands for. */
const standIns = (folder: string): readonly string[] =>
  Object.entries(PINS).flatMap(([action, { commit }]) => {
    const directory = join(folder, 'actions', action.replace('/', '-'));
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'action.yml'), `name: ${action}\nruns: {using: node24, main: main.mjs}\n`);
    writeFileSync(
      join(directory, 'main.mjs'),
      `import { act } from ${JSON.stringify(join(import.meta.dirname, 'stand-in.mjs'))};\nact('${action}');\n`,
    );
    return ['--local-repository', `${action}@${commit}=${directory}`];
  });

const understand = (
  lines: readonly string[],
): Pick<RunResult, 'jobs' | 'printed' | 'summaries' | 'outputs' | 'log'> => {
  const jobs: Record<string, 'success' | 'failure'> = {};
  const printed: Record<string, string> = {};
  const summaries: Record<string, string> = {};
  const outputs: Record<string, Record<string, string>> = {};
  for (const text of lines) {
    if (!text.startsWith('{')) continue;
    const line = JSON.parse(text) as Line;
    const id = line.jobID ?? '';
    if (line.jobResult !== undefined) jobs[id] = line.jobResult;
    if (line.raw_output === true) printed[id] = (printed[id] ?? '') + (line.msg ?? '');
    if (line.command === 'summary') summaries[id] = (summaries[id] ?? '') + (line.content ?? '');
    if (line.command === 'set-output') (outputs[id] ??= {})[line.name ?? ''] = line.arg ?? '';
  }
  for (const [id, text] of Object.entries(printed)) printed[id] = tidyText(text);
  const log = Object.entries(printed)
    .map(([id, text]) => `== ${id}: ${jobs[id] ?? 'no end'}\n${text}`)
    .join('\n');
  return {
    jobs,
    printed,
    summaries,
    outputs,
    log: `${log}\n${lines.filter((l) => !l.startsWith('{')).join('\n')}`,
  };
};
