import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Running, type CommandWorld } from './command-world.ts';

export interface JobResult {
  readonly code: number | null;
  readonly running: Running;
  /** What it left for later steps. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Its job summary. */
  readonly summary: string;
}

/** Values that steps leave in `GITHUB_OUTPUT`; a later one of a name wins. */
const outputsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

/** A workflow run: every job is a process in an empty folder of its own, as on a fresh machine. */
export class Jobs {
  readonly #root = mkdtempSync(join(tmpdir(), 'sluice-jobs-'));
  readonly #world: CommandWorld;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #started: Running[] = [];
  #count = 0;

  constructor(world: CommandWorld, run: string, actor = 'ada') {
    this.#world = world;
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(PULUMI_|SLUICE_|GITHUB_)/.test(name),
    );
    this.#environment = {
      ...Object.fromEntries(inherited),
      ...world.sandbox.environment(),
      NO_COLOR: '1',
      GITHUB_ACTIONS: 'true',
      GITHUB_ACTOR: actor,
      GITHUB_REPOSITORY: 'azora/azora',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_RUN_ID: run,
    };
  }

  #files(): { readonly folder: string; readonly output: string; readonly summary: string } {
    this.#count += 1;
    const folder = join(this.#root, `job-${this.#count}`);
    mkdirSync(folder);
    const files = { folder, output: join(folder, 'output'), summary: join(folder, 'summary') };
    writeFileSync(files.output, '');
    writeFileSync(files.summary, '');
    return files;
  }

  /** Starts one step; `ended` waits for it. */
  start(...args: string[]): { readonly running: Running; readonly ended: () => Promise<JobResult> } {
    const { folder, output, summary } = this.#files();
    const environment = { ...this.#environment, GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary };
    const running = new Running([...args, '--directory', join(folder, '.sluice')], environment);
    this.#started.push(running);
    return {
      running,
      ended: async () => ({
        code: await running.exited,
        running,
        outputs: outputsOf(readFileSync(output, 'utf8')),
        summary: readFileSync(summary, 'utf8'),
      }),
    };
  }

  run(...args: string[]): Promise<JobResult> {
    return this.start(...args).ended();
  }

  /** One phase of a deployment, with a short lease. */
  phase(name: string, ...more: string[]): Promise<JobResult> {
    return this.run('deploy', '--phase', name, '--lease', '3 seconds', ...more);
  }

  get world(): CommandWorld {
    return this.#world;
  }

  close(): void {
    for (const { child } of this.#started) if (child.exitCode === null) child.kill('SIGKILL');
    rmSync(this.#root, { recursive: true, force: true });
  }
}
