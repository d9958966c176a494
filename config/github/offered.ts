import type { ApprovalGate, Github, GithubRepository, Offered } from '../github.types.ts';

/**
 * What GitHub offers a repository: everything where it is public; private and internal ones get environments with
 * Pro and Team, but reviewers and wait timers with Enterprise alone.
 */
export const offered = ({ visibility, plan }: Pick<GithubRepository, 'visibility' | 'plan'>): Offered => {
  const open = visibility === 'public';
  const paid = plan !== 'free';
  return {
    environments: open || paid,
    reviewers: open || plan === 'enterprise',
    rulesets: open || paid,
  };
};

/** The environment that asks before production. */
export const APPROVAL = 'production-approval';

/** Reviewers that somebody wrote are asked one way or the other. */
export const approvalGate = (github: Pick<Github, 'repository' | 'environments'>): ApprovalGate => {
  const wanted = (github.environments[APPROVAL]?.reviewers.length ?? 0) > 0;
  if (!wanted) return 'none';
  return offered(github.repository).reviewers ? 'github' : 'sluice';
};

const PLAN_NAMES = { free: 'Free', pro: 'Pro', team: 'Team', enterprise: 'Enterprise' } as const;

/** What was written and GitHub does not offer, with what happens instead. One sentence each. */
export const githubWarnings = (github: Github): string[] => {
  const { visibility, plan } = github.repository;
  const offer = offered(github.repository);
  const where = `in ${visibility} repositories of plan ${PLAN_NAMES[plan]}`;
  const warnings: string[] = [];
  if (!offer.environments)
    warnings.push(
      `GitHub offers no environments ${where}: no secret, variable, branch or tag policy is declared; ` +
        'keep secrets in AWS Secrets Manager, or make the repository public, or use a paid plan',
    );
  if (!offer.rulesets)
    warnings.push(`GitHub offers no rulesets ${where}: nothing protects branches and tags`);
  if (offer.reviewers) return warnings;
  const all = Object.values(github.environments);
  const reviewed = all.filter((e) => e.reviewers.length > 0).map((e) => e.name);
  if (reviewed.includes(APPROVAL))
    warnings.push(
      `GitHub offers no reviewers ${where}: production waits for \`sluice approve\` instead; ` +
        'set sluice:app.approval of production to `when: first` with the same reviewers',
    );
  const others = reviewed.filter((name) => name !== APPROVAL);
  if (others.length > 0)
    warnings.push(`GitHub offers no reviewers ${where}: nobody is asked for ${others.join(', ')}`);
  const timed = all.filter((e) => e.waitTimer > 0).map((e) => e.name);
  if (timed.length > 0)
    warnings.push(`GitHub offers no wait timers ${where}: ${timed.join(', ')} will not wait`);
  return warnings;
};
