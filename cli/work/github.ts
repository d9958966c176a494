import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { badInput, EXIT, ExpectedError, messageOf, refused, type ExitCode } from '../../lib/errors.ts';
import { putComment } from '../../release/adapters/github/marked-comment.ts';
import { summaryBody } from '../../release/core/github/comment.ts';
import { deploymentMarkdown, describe, stateOf } from '../../release/core/github/markdown.ts';
import type { Github } from '../../release/ports/github.ts';
import { text, type Values } from '../command.ts';
import { parseWhole } from '../options.ts';
import type { Printer } from '../print.ts';
import { runLink } from '../run-release.ts';
import { withStack } from '../session/find.ts';
import type { Session } from '../session/open.ts';
import { deploymentOf } from './phases.ts';
import { standingOf, type Stood } from './standing.ts';

const readGiven = (path: string): string => {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw badInput('the text cannot be read', [{ path: '--file', reason: messageOf(error), got: path }]);
  }
};

const sizeOf = (path: string): number => {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
};

/** Into the summary of this job, where there is one; otherwise on standard output. */
const summarise = (markdown: string, print: Printer): void => {
  const file = process.env['GITHUB_STEP_SUMMARY'];
  if (file === undefined || file === '') {
    print.result('summary', { markdown }, markdown);
    return;
  }
  try {
    appendFileSync(file, `${summaryBody(`${markdown}\n`, sizeOf(file))}\n`);
  } catch (error) {
    throw badInput('the summary of this job cannot be written', [
      { path: 'GITHUB_STEP_SUMMARY', reason: messageOf(error), got: file },
    ]);
  }
  print.result('summary', { file }, 'written into the summary of this job');
};

const markdownOf = (session: Session, stood: Stood): string =>
  session.redactor.text(deploymentMarkdown(stood.record, stood.standing, stood.place));

const none = (print: Printer): ExitCode => {
  print.result('nothing', {}, 'no deployment has begun: there is nothing to show');
  return EXIT.done;
};

export const showSummary = async (options: Values, print: Printer): Promise<ExitCode> => {
  const file = text(options, 'file');
  if (file !== undefined) {
    summarise(readGiven(file), print);
    return EXIT.done;
  }
  const wanted = deploymentOf(options);
  return withStack(options, async ({ session }) => {
    const stood = await standingOf(session, wanted);
    if (stood === undefined) return none(print);
    summarise(markdownOf(session, stood), print);
    return EXIT.done;
  });
};

const pullOf = (options: Values): number | undefined => {
  const given = text(options, 'pull');
  return given === undefined ? undefined : parseWhole('--pull', given, 1, 999_999_999);
};

/** Pull requests of a commit that a comment may go to: a fork's job could not have written it. */
const pullsOf = async (github: Github, commit: string): Promise<number[]> =>
  (await github.comments.pullsOf(commit)).map((p) => p.number);

interface Said {
  readonly markdown: string;
  readonly key: string;
}

const putOn = async (
  github: Github,
  pulls: readonly number[],
  { key, markdown }: Said,
  print: Printer,
): Promise<void> => {
  for (const number of pulls) {
    const what = await putComment(github, number, key, markdown);
    print.result('comment', { pull: number, what }, `comment of pull request ${number}: ${what}`);
  }
  if (pulls.length === 0) print.result('comment', { what: 'none' }, 'the commit belongs to no pull request');
};

/** One comment of a stack's deployments a pull request, unless another name is given. */
const keyOf = (options: Values, session: Session): string =>
  text(options, 'key') ?? `deployment/${session.config.stack}`;

export const putComments = async (options: Values, print: Printer): Promise<ExitCode> => {
  const pull = pullOf(options);
  const wanted = deploymentOf(options);
  const file = text(options, 'file');
  const given = file === undefined ? undefined : readGiven(file);
  if (given !== undefined && pull === undefined)
    throw badInput('a text belongs to a pull request', [
      { path: '--pull', reason: 'is missing', allowed: 'the number of a pull request' },
    ]);
  return withStack(options, async ({ session }) => {
    const { github } = session;
    const stood = given === undefined ? await standingOf(session, wanted) : undefined;
    if (given === undefined && stood === undefined) return none(print);
    const markdown = stood === undefined ? session.redactor.text(given ?? '') : markdownOf(session, stood);
    if (github === undefined) {
      print.event('note', { comment: false }, 'no token for GitHub: no comment, the summary says it instead');
      summarise(markdown, print);
      return EXIT.done;
    }
    try {
      const pulls = pull === undefined ? await pullsOf(github, stood?.record.git_sha ?? '') : [pull];
      await putOn(github, pulls, { markdown, key: keyOf(options, session) }, print);
    } catch (error) {
      // A token that only reads, as a fork's job has; GitHub out of reach. What happened has happened: it is told here.
      if (!(error instanceof ExpectedError)) throw error;
      print.event('note', { comment: false, why: error.message }, `no comment: ${error.message}`);
      summarise(markdown, print);
    }
    return EXIT.done;
  });
};

const needGithub = ({ github }: Session): Github => {
  if (github !== undefined) return github;
  throw refused(
    'GitHub cannot be told: no repository in sluice:app, or no GITHUB_TOKEN',
    'give the job’s token by GITHUB_TOKEN, with deployments: write',
  );
};

/** A deployment beside its commit on GitHub: made when it is not there, then its status. */
const putStatus = async (session: Session, { record, standing }: Stood, print: Printer): Promise<void> => {
  const github = needGithub(session);
  const { environment, deployment_id: deployment, git_sha: commit, version } = record;
  const number =
    (await github.deployments.find(environment, deployment, commit)) ??
    (await github.deployments.create({
      environment,
      deployment,
      commit,
      version,
      production: session.config.app.rollout === 'staged',
    }));
  const state = stateOf(standing);
  await github.deployments.setStatus(number, {
    state,
    description: session.redactor.text(describe(record, standing)),
    environmentUrl: session.config.app.url,
    logUrl: record.change.link ?? runLink(),
  });
  print.result('status', { number, state }, `deployment ${deployment} on GitHub: ${state}`);
};

export const setStatus = (options: Values, print: Printer): Promise<ExitCode> => {
  const wanted = deploymentOf(options);
  return withStack(options, async ({ session }) => {
    needGithub(session);
    const stood = await standingOf(session, wanted);
    if (stood === undefined) return none(print);
    await putStatus(session, stood, print);
    return EXIT.done;
  });
};

/**
 * All that a job shows of a deployment: summary, status, comments. What GitHub does not take is said, and the rest
 * is shown all the same; exit 3 at the end.
 */
export const tellAll = (options: Values, print: Printer): Promise<ExitCode> => {
  const wanted = deploymentOf(options);
  return withStack(options, async ({ session }) => {
    const stood = await standingOf(session, wanted);
    if (stood === undefined) return none(print);
    const markdown = markdownOf(session, stood);
    summarise(markdown, print);
    let code: ExitCode = EXIT.done;
    const say = async (what: string, work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        if (!(error instanceof ExpectedError)) throw error;
        code = EXIT.refused;
        print.event('note', { [what]: false, why: error.message }, `no ${what}: ${error.message}`);
      }
    };
    await say('status', () => putStatus(session, stood, print));
    await say('comment', async () => {
      const github = needGithub(session);
      const pulls = await pullsOf(github, stood.record.git_sha);
      await putOn(github, pulls, { markdown, key: keyOf(options, session) }, print);
    });
    return code;
  });
};
