import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalWorkspace, Stack, type PulumiFn } from '@pulumi/pulumi/automation/index.js';
import type { Release } from '../../../config/release.types.ts';
import { messageOf } from '../../../lib/errors.ts';
import { RELEASE_KEY } from '../../ports/outputs.ts';
import { openCli, type Cli } from './command.ts';
import { stackFileText } from './stack-file.ts';
import { readState, type LastState } from './state.ts';

export interface PulumiSettings {
  readonly project: string;
  readonly stack: string;
  readonly program: PulumiFn;
  /** Configuration of every update, without `sluice:release`; asked anew each time. */
  readonly config: () => Readonly<Record<string, string>>;
  /** Text of the stack's own file, for its encrypted entries and how they are sealed. */
  readonly stackFile: string | undefined;
  /** Added to this process's environment: backend, passphrase, provider ports. */
  readonly environment: Readonly<Record<string, string>>;
  /** How long an update waits for another one of this machine, ms. Default: a minute. */
  readonly lockPatienceMs?: number;
}

/** Where one updater works. */
export interface Place {
  readonly settings: PulumiSettings;
  readonly workDir: string;
  readonly cli: Cli;
  readonly stack: Stack;
  /** Reads the checkpoint; how it is sealed is remembered for the next run. */
  readonly read: () => Promise<LastState>;
  /** The same for a command that only looks; once, it may be what was read a moment ago when the stack was opened. */
  readonly glance: () => Promise<LastState>;
  /** Takes the folder away when the process ends without having closed its updater. */
  readonly clear: () => void;
  /** Writes the stack file of the next run. */
  readonly configure: (release: Release | undefined) => Promise<void>;
}

/** Whoever changes a stack compares and sets: a look that is younger than this is as good as one of now. */
const JUST_NOW_MS = 1_000;

/** A folder for one stack, which is made where it is not there yet. Throws (exit 3) without a usable CLI. */
export const openPlace = async (settings: PulumiSettings): Promise<Place> => {
  const { project, stack: name, environment } = settings;
  const workDir = await mkdtemp(join(tmpdir(), 'sluice-pulumi-'));
  const clear = (): void => rmSync(workDir, { recursive: true, force: true });
  process.once('exit', clear);
  try {
    await writeFile(join(workDir, 'Pulumi.yaml'), `name: ${project}\nruntime: nodejs\n`);
    const cli = await openCli(workDir, environment);
    const last = await lastState(cli, name);
    const openedAt = performance.now();
    let first = last;
    let seal = last?.seal;
    const configure: Place['configure'] = async (release) => {
      const { [RELEASE_KEY]: _, ...base } = settings.config();
      const values = release === undefined ? base : { ...base, [RELEASE_KEY]: JSON.stringify(release) };
      const text = stackFileText(settings.stackFile, values, seal);
      await writeFile(join(workDir, `Pulumi.${name}.yaml`), text, { mode: 0o600 });
    };
    const read = async (): Promise<LastState> => {
      first = undefined;
      const state = await readState(cli, name);
      ({ seal } = state);
      return state;
    };
    const glance = (): Promise<LastState> => {
      const known = performance.now() - openedAt < JUST_NOW_MS ? first : undefined;
      first = undefined;
      return known === undefined ? read() : Promise.resolve(known);
    };
    await configure(undefined);
    if (last === undefined) await cli.run(['stack', 'init', name, '--no-select']);
    const workspace = await LocalWorkspace.create({
      workDir,
      // A refresh only asks for it: it runs no program.
      program: settings.program,
      pulumiCommand: cli.command,
      envVars: { ...environment },
    });
    const stack = await Stack.select(name, workspace);
    return { settings, workDir, cli, stack, read, glance, configure, clear };
  } catch (error) {
    clear();
    throw error;
  }
};

/** One command tells both, whether there is such a stack and what it left: each start of the CLI costs a quarter of a second. */
const lastState = async (cli: Cli, name: string): Promise<LastState | undefined> => {
  try {
    return await readState(cli, name);
  } catch (error) {
    if (/no stack named .* found/.test(messageOf(error))) return undefined;
    throw error;
  }
};
