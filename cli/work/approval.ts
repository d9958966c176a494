import { userInfo } from 'node:os';
import { refused } from '../../lib/errors.ts';
import { controlStore } from '../../release/adapters/control.ts';
import { approvalRefusal } from '../../release/core/engine/start.ts';
import type { State } from '../../release/core/engine/types.ts';
import type { StackOutputs } from '../../release/ports/stack.ts';
import type { Session } from '../session/open.ts';

/** Who approves here: the login of the shell's GitHub token, the actor of a job, or the user of this machine. */
export const approverHere = async (session: Pick<Session, 'github'>): Promise<string> =>
  (await session.github?.reviews.me()) ?? process.env['GITHUB_ACTOR'] ?? userInfo().username;

/** Throws (exit 3) when a yes of this person would not count: they learn it, not only the log. */
export const requireApprover = (state: State, by: string): void => {
  const no = approvalRefusal(state.settings.approval, state.request.by, by);
  if (no !== undefined) throw refused(no, 'somebody else has to look at it: sluice approve');
};

/** A yes for staging is none for production, also in one run. GitHub's names of environments know no case. */
const isGateOf = (environment: string, name: string): boolean =>
  [environment, `${environment}-approval`].includes(name.toLowerCase());

/**
 * In a job behind a reviewed GitHub environment the approval was given before the job began: it is handed to the
 * deployment. Throws (exit 3) when only people approved whose yes does not count. Without such a review the
 * deployment waits for `sluice approve`.
 */
export const takeReview = async (
  session: Pick<Session, 'github' | 'clock' | 'objects'>,
  outputs: StackOutputs,
  state: State,
  run: string | undefined = process.env['GITHUB_RUN_ID'],
): Promise<void> => {
  const { github, clock } = session;
  if (state.phase.name !== 'approval' || github === undefined || run === undefined) return;
  const { deployment, environment, link } = state.request;
  // Without an answer in time nobody said yes, whenever the job that would bring one begins.
  if (clock.now() >= state.phase.deadline) return;
  // What was approved is what that run had begun, not another deployment.
  if (link?.endsWith(`/actions/runs/${run}`) !== true) return;
  const given = (await github.reviews.ofRun(run)).filter(
    (r) => r.state === 'approved' && r.environments.some((name) => isGateOf(environment, name)),
  );
  if (given.length === 0) return;
  const judged = given.map((r) => ({
    ...r,
    no: approvalRefusal(state.settings.approval, state.request.by, r.by, true),
  }));
  const review = judged.find((r) => r.no === undefined);
  if (review === undefined)
    throw refused(
      judged.map((r) => r.no ?? '').join('; '),
      'let another reviewer approve: run the workflow again, or sluice approve',
    );
  const environments = review.environments.filter((name) => isGateOf(environment, name)).join(', ');
  await controlStore(session.objects(outputs).lease, environment).say(deployment, {
    command: 'approve',
    by: review.by,
    why: 'reviewed on GitHub',
    at: clock.now(),
    review: environments,
  });
};
