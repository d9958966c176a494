import { userInfo } from 'node:os';
import { refused } from '../../lib/errors.ts';
import type { Source } from '../ports/supply.ts';
import { runCommand } from './command.ts';

const LONGEST_MS = 30_000;
/** Git asks nobody for a password here, and says everything in one language. */
const QUIET = { GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' };

type Environment = Readonly<Record<string, string | undefined>>;

/** What git says, by line; undefined when it says no (exit 1 or 2 of a question). */
const ask = async (directory: string, ...words: readonly string[]): Promise<string[] | undefined> => {
  const lines: string[] = [];
  const complaints: string[] = [];
  const signal = AbortSignal.timeout(LONGEST_MS);
  const { exitCode } = await runCommand({
    file: 'git',
    arguments: words,
    directory,
    environment: QUIET,
    onLine: (line, from) => void (from === 'out' ? lines : complaints).push(line),
    signal,
  });
  if (exitCode === 0) return lines;
  if (exitCode === 1 || exitCode === 2) return undefined;
  throw refused(
    `git ${words.join(' ')} ended with ${exitCode}: ${complaints.slice(-3).join(' ')}`,
    'git status',
  );
};

const COMMIT = /^[0-9a-f]{40,64}$/;

/** `ls-remote` gives an annotated tag twice; the line with `^{}` names its commit. */
const commitOf = (lines: readonly string[], tag: string): string | undefined => {
  const found = new Map(lines.map((line) => [line.split('\t')[1], line.split('\t')[0]]));
  return found.get(`${tag}^{}`) ?? found.get(tag);
};

const refOf = async (directory: string, environment: Environment): Promise<string> => {
  // On a runner the checkout is detached; what was asked for is in the environment. Where a run is not of what it
  // deploys, the workflow file names that.
  const branch = (await ask(directory, 'symbolic-ref', '--quiet', 'HEAD'))?.[0];
  return branch ?? environment['SLUICE_REF'] ?? environment['GITHUB_REF'] ?? 'HEAD';
};

const actorOf = async (directory: string, environment: Environment): Promise<string> =>
  environment['GITHUB_ACTOR'] ??
  (await ask(directory, 'config', '--get', 'user.name'))?.[0] ??
  userInfo().username;

/**
 * The application's repository, by the `git` command. A tag that this checkout does not have (runners fetch one
 * commit only) is asked for at `origin`, where there is one.
 */
export const gitSource = (directory: string, environment: Environment = process.env): Source => ({
  tag: async (version) => {
    const tag = `refs/tags/${version}`;
    const here = (await ask(directory, 'rev-parse', '--verify', '--quiet', `${tag}^{commit}`))?.[0];
    if (here !== undefined && COMMIT.test(here)) return here;
    const origin = await ask(directory, 'config', '--get', 'remote.origin.url');
    if (origin === undefined) return undefined;
    const there = await ask(directory, 'ls-remote', '--exit-code', 'origin', tag, `${tag}^{}`);
    return there === undefined ? undefined : commitOf(there, tag);
  },
  madeAt: async (commit) => {
    // A runner fetches one commit only: of another nothing is known here, and that is no reason to stop.
    const said = await ask(directory, 'cat-file', '-e', `${commit}^{commit}`).catch(() => undefined);
    if (said === undefined) return undefined;
    const [seconds = ''] = (await ask(directory, 'show', '-s', '--format=%ct', commit)) ?? [];
    return /^\d+$/.test(seconds) ? Number(seconds) * 1_000 : undefined;
  },
  head: async () => {
    const [commit] = (await ask(directory, 'rev-parse', '--verify', 'HEAD')) ?? [];
    if (commit === undefined || !COMMIT.test(commit))
      throw refused(`${directory} has no commit yet`, 'git commit, or name the right folder');
    const [ref, actor] = await Promise.all([refOf(directory, environment), actorOf(directory, environment)]);
    return { commit, ref, actor };
  },
});
