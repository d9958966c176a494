import type { Permissions } from './model.ts';
import type { Target } from './settings.ts';

/** What jobs may do on GitHub, each with the reason that stands beside it in the file. */

/** Of every job that takes a role. */
export const CREDENTIAL_RIGHTS: Permissions = {
  contents: { access: 'read', why: 'check out' },
  'id-token': { access: 'write', why: 'the identity that AWS trusts' },
};

/** What the checks of a commit are asked with: those named by a file are workflows, the others checks or statuses. */
export const checkRights = ({ app }: Target): Permissions => {
  const { required, mode } = app.checks;
  if (mode === 'run') return {};
  const workflows = required.filter((name) => /\.ya?ml$/.test(name));
  return {
    ...(workflows.length === 0
      ? {}
      : { actions: { access: 'read', why: 'whether the required workflows passed on this commit' } }),
    ...(workflows.length === required.length
      ? {}
      : {
          checks: { access: 'read', why: 'whether the required checks passed on this commit' },
          statuses: { access: 'read', why: 'whether the required statuses passed on this commit' },
        }),
  };
};

/** Of the job behind GitHub's gate. */
export const REVIEW_RIGHTS: Permissions = {
  actions: { access: 'read', why: 'who approved this run, for the record' },
};

/** Of a job that tells GitHub how a deployment ended. */
export const TELLING_RIGHTS: Permissions = {
  deployments: { access: 'write', why: 'the deployment’s status beside its commit' },
  'pull-requests': { access: 'write', why: 'the comment after the deployment' },
};
