import { expression, type Job, type Triggers, type Workflow } from '../model.ts';
import { lastJob, releaseJobs, type CheckedOut, type ReleaseJobs } from '../release-jobs.ts';
import { targetOf, type WorkflowSettings } from '../settings.ts';
import { checkJobs } from './checks.ts';

const triggersOf = ({ github }: WorkflowSettings): Triggers => {
  const { push, paths, afterWorkflow, pullRequest } = github.triggers.staging;
  return {
    ...(push.length === 0 ? {} : { push: { branches: push, ...(paths.length === 0 ? {} : { paths }) } }),
    ...(pullRequest.length === 0 ? {} : { pull_request: { branches: pullRequest } }),
    ...(afterWorkflow === undefined
      ? {}
      : {
          workflow_run: {
            workflows: [afterWorkflow.name],
            types: ['completed'] as const,
            branches: afterWorkflow.branches,
          },
        }),
    workflow_dispatch: {
      inputs: {
        version: {
          description: 'Version to deploy, e.g. v1.2.3; empty: the one that Pulumi.staging.yaml names',
          type: 'string',
        },
        force_deploy: {
          description: 'Deploy although this version is live already',
          type: 'boolean',
          default: false,
        },
        rollback_version: { description: 'Go back to this version instead', type: 'string' },
      },
    },
  };
};

/** Conditions of the events that are not for everybody. */
const conditionOf = ({ github }: WorkflowSettings): string | undefined => {
  const { pullRequest, afterWorkflow } = github.triggers.staging;
  const conditions = [
    // A fork gets no credentials, and none of its code runs with them.
    ...(pullRequest.length === 0
      ? []
      : [
          "(github.event_name != 'pull_request' || github.event.pull_request.head.repo.full_name == github.repository)",
        ]),
    ...(afterWorkflow === undefined
      ? []
      : [
          "(github.event_name != 'workflow_run' || (github.event.workflow_run.conclusion == 'success' && github.event.workflow_run.event == 'push' && github.event.workflow_run.head_repository.full_name == github.repository))",
        ]),
  ];
  return conditions.length === 0 ? undefined : conditions.join(' && ');
};

/**
 * After another workflow GitHub runs this one on the default branch, whatever branch that one ran on: what is deployed
 * is the commit that it passed on.
 */
const checkedOut = ({ github }: WorkflowSettings): CheckedOut | undefined =>
  github.triggers.staging.afterWorkflow === undefined
    ? undefined
    : {
        commit: expression('github.event.workflow_run.head_sha || github.sha'),
        ref: expression(
          "github.event.workflow_run.head_branch && format('refs/heads/{0}', github.event.workflow_run.head_branch) || github.ref",
        ),
      };

/** Whether what is deployed stands on the default branch: nothing else goes on to production. */
const ofDefaultBranch = ({ github }: WorkflowSettings): string => {
  const main = github.repository.defaultBranch;
  const pushed = `github.ref == 'refs/heads/${main}' && github.event_name != 'pull_request'`;
  return github.triggers.staging.afterWorkflow === undefined
    ? pushed
    : `((${pushed} && github.event_name != 'workflow_run') || github.event.workflow_run.head_branch == '${main}')`;
};

/** Staging: on every trigger that configuration names, and always by hand, also from a hotfix branch. */
export const deployStaging = (settings: WorkflowSettings): Workflow => {
  const target = targetOf(settings, 'staging');
  const { triggers } = settings.github;
  const of = checkedOut(settings);
  const checks = checkJobs(target.app.checks, of?.commit);
  const sameRun = triggers.production.afterStaging;
  const queue: Job['concurrency'] = { group: 'deploy-staging', queue: 'max', 'cancel-in-progress': false };
  const when = conditionOf(settings);
  const staging: ReleaseJobs = {
    target,
    prefix: '',
    after: Object.keys(checks),
    ...(when === undefined ? {} : { when }),
    ...(of === undefined ? {} : { of }),
    asked: {
      words: ['${VERSION:+"--version=$VERSION"}', '${REASON:+"--reason=$REASON"}', '${SPARE:+--unless-live}'],
      env: {
        VERSION: expression('inputs.rollback_version || inputs.version'),
        REASON: expression("inputs.force_deploy && 'forced' || ''"),
        SPARE: expression("!inputs.force_deploy && 'yes' || ''"),
      },
    },
    ...(sameRun ? { concurrency: queue } : {}),
  };
  const production: ReleaseJobs = {
    target: targetOf(settings, 'production'),
    prefix: 'production-',
    after: ['preflight', lastJob(staging)],
    when: ofDefaultBranch(settings),
    ...(of === undefined ? {} : { of }),
    asked: {
      words: ['--version="$VERSION"', '--reason="after staging"'],
      env: { VERSION: expression('needs.preflight.outputs.version') },
    },
    concurrency: { group: 'deploy-production', queue: 'max', 'cancel-in-progress': false },
  };
  return {
    file: 'deploy-staging.yml',
    name: 'Deploy staging',
    runName: `Staging: ${expression('inputs.rollback_version || inputs.version || github.ref_name')}`,
    about: [
      'Brings a version into staging. By hand: "Run workflow"; a hotfix is dispatched from its branch.',
      'Every job is one phase of `sluice deploy --stack staging`, which does the same on a laptop.',
    ],
    on: triggersOf(settings),
    ...(triggers.staging.afterWorkflow === undefined
      ? {}
      : {
          remarks: {
            workflow_run:
              'zizmor: ignore[dangerous-triggers] only after a push to a branch of this repository; no code or value of a fork is used',
          },
        }),
    // Runs of one file that share staging wait for each other; with production in the same run its jobs do.
    concurrency: sameRun
      ? { group: `staging-run-${expression('github.run_id')}`, 'cancel-in-progress': false }
      : queue,
    jobs: { ...checks, ...releaseJobs(staging), ...(sameRun ? releaseJobs(production) : {}) },
  };
};
