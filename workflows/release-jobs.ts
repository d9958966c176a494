import { APPROVAL, approvalGate } from '../config/github.ts';
import { expression, type Env, type Job, type Step } from './model.ts';
import { FAILURE, minutes, phaseJobs, type PhaseJob } from './phases.ts';
import { checkRights, CREDENTIAL_RIGHTS, REVIEW_RIGHTS, TELLING_RIGHTS } from './rights.ts';
import type { Target } from './settings.ts';
import {
  checkout,
  credentials,
  environmentValues,
  install,
  keepDocument,
  keepLog,
  registryLogin,
  sluice,
  SLUICE,
} from './steps.ts';

/** Who begins a release into an environment, and how its jobs stand in the file. */
export interface ReleaseJobs {
  readonly target: Target;
  /** In front of the ids of jobs and of their names, where a file has jobs of two environments. */
  readonly prefix: string;
  /** Jobs that must have succeeded before the first one. */
  readonly after: readonly string[];
  /** Condition of the first job; undefined: always. */
  readonly when?: string;
  /** What the first job is told beside the phase: options as `--name="$NAME"` and where the values come from. */
  readonly asked: { readonly words: readonly string[]; readonly env: Env };
  /** What is checked out, where it is not what the run is of. */
  readonly of?: CheckedOut;
  /** Where the environment's jobs wait for each other, when the whole file does not. */
  readonly concurrency?: Job['concurrency'];
}

/** Expressions of a commit, and of the ref that it stands on. */
export interface CheckedOut {
  readonly commit: string;
  readonly ref: string;
}

type Jobs = Readonly<Record<string, Job>>;

/** Ids in a file: `canary`, or `production-canary`. */
const idOf = ({ prefix }: ReleaseJobs, phase: string): string => `${prefix}${phase}`;

const titleOf = ({ prefix, target }: ReleaseJobs, title: string): string =>
  prefix === '' ? title : `${target.app.environment}: ${title}`;

const deploymentOf = (release: ReleaseJobs): string =>
  expression(`needs.${idOf(release, 'preflight')}.outputs.deployment`);

const suffixed = (phases: readonly PhaseJob[], job: PhaseJob, kind: string): string => {
  // A run keeps one artifact of a name: the last job that writes a log has the plain one.
  const last = phases.findLast((p) => p.logs.some((l) => l === kind));
  return last === job ? '' : `-${job.phase}`;
};

const environmentOf = ({ target }: ReleaseJobs): NonNullable<Job['environment']> => ({
  name: target.deployed,
  url: target.app.url,
});

/** What GitHub shows of a deployment. GitHub out of reach is a warning: it never fails a release. */
const tell = (release: ReleaseJobs): Step => {
  const { target } = release;
  return {
    name: 'Tell GitHub',
    if: 'always()',
    env: {
      DEPLOYMENT: deploymentOf(release),
      GITHUB_TOKEN: expression('github.token'),
      ...environmentValues(target, 'deploy'),
    },
    run: `${SLUICE} github tell --stack=${target.stack} --deployment="$DEPLOYMENT" || echo "::warning::GitHub could not be told"`,
  };
};

const phaseSteps = (release: ReleaseJobs, phases: readonly PhaseJob[], job: PhaseJob): readonly Step[] => {
  const { target, asked } = release;
  const first = job.phase === 'preflight';
  const env: Env = {
    ...(first ? asked.env : { DEPLOYMENT: deploymentOf(release) }),
    ...(first && release.of !== undefined ? { SLUICE_REF: release.of.ref } : {}),
    ...(job.asksGithub === true ? { GITHUB_TOKEN: expression('github.token') } : {}),
    ...environmentValues(target, 'deploy'),
  };
  return [
    checkout({ history: first, commit: release.of?.commit }),
    ...install,
    credentials(target, 'deploy'),
    ...(job.builds === true ? registryLogin(target, 'deploy') : []),
    sluice(
      { name: job.title, id: 'phase', env },
      'deploy',
      `--stack=${target.stack}`,
      ...(first ? asked.words : ['--deployment="$DEPLOYMENT"']),
      `--phase=${job.phase}`,
      '--on-interrupt=rollback',
    ),
    ...(first && asksSomebody(target)
      ? [
          {
            name: 'Show whoever approves what will change',
            env: {
              VERSION: expression('steps.phase.outputs.version'),
              ...environmentValues(target, 'deploy'),
            },
            run: `${SLUICE} preview --stack=${target.stack} --version="$VERSION" --markdown >> "$GITHUB_STEP_SUMMARY"`,
          },
        ]
      : []),
    ...job.logs.map((kind) =>
      keepLog(target, kind, {
        deployment: first ? expression('steps.phase.outputs.deployment') : deploymentOf(release),
        suffix: suffixed(phases, job, kind),
      }),
    ),
    ...(job.phase === 'record'
      ? [
          tell(release),
          keepDocument(target, 'deployment-record', deploymentOf(release)),
          keepDocument(target, 'rollback-instructions', deploymentOf(release)),
        ]
      : []),
  ];
};

/** One job a phase, each after the one before. */
const phases = (release: ReleaseJobs): Jobs => {
  const { target } = release;
  const all = phaseJobs(target.app);
  const jobs: Record<string, Job> = {};
  let before: readonly string[] = release.after;
  for (const job of all) {
    const first = job.phase === 'preflight';
    jobs[idOf(release, job.phase)] = {
      name: titleOf(release, job.title),
      // Outputs are seen from jobs that are named here only.
      ...needsOf(first ? before : [idOf(release, 'preflight'), ...before]),
      ...conditionOf(release, all, job),
      'timeout-minutes': minutes(job.longest),
      permissions: {
        ...CREDENTIAL_RIGHTS,
        ...(job.asksGithub === true ? checkRights(target) : {}),
        ...(job.phase === 'record' ? TELLING_RIGHTS : {}),
      },
      environment: environmentOf(release),
      ...(release.concurrency === undefined ? {} : { concurrency: release.concurrency }),
      ...(first
        ? {
            outputs: {
              deployment: expression('steps.phase.outputs.deployment'),
              version: expression('steps.phase.outputs.version'),
            },
          }
        : {}),
      steps: phaseSteps(release, all, job),
    };
    before = [idOf(release, job.phase)];
    if (first)
      for (const [id, gate] of Object.entries(approvalJobs(release))) {
        jobs[id] = gate;
        before = [id];
      }
  }
  return jobs;
};

/** The phase that waits for people. Its own job where the deployment itself waits, whoever is asked by which way. */
const approvalPhase = ({ app }: Target): PhaseJob => ({
  phase: 'approval',
  title: 'Wait for approval',
  longest: app.approval.timeout,
  logs: [],
});

/** The first job has the release's own condition; the second runs when there is something to deploy. */
const conditionOf = (release: ReleaseJobs, all: readonly PhaseJob[], job: PhaseJob): { if?: string } => {
  if (job === all[0]) return release.when === undefined ? {} : { if: release.when };
  return job === all[1] ? { if: hasBegun(release) } : {};
};

/** Nothing begins where the version is live already. */
const hasBegun = (release: ReleaseJobs): string =>
  `needs.${idOf(release, 'preflight')}.outputs.deployment != ''`;

const asksSomebody = ({ deployed, github, app }: Target): boolean =>
  deployed === 'production' && (approvalGate(github) !== 'none' || app.approval.when !== 'none');

/** The gate of a reviewed GitHub environment: no credentials, no token. It begins when somebody said yes there. */
const reviewedJob = (release: ReleaseJobs): Job => ({
  name: titleOf(release, 'Approval'),
  needs: [idOf(release, 'preflight')],
  'timeout-minutes': 5,
  permissions: {},
  environment: { name: APPROVAL, url: release.target.app.url },
  steps: [
    {
      name: 'Say what was approved',
      env: {
        VERSION: expression(`needs.${idOf(release, 'preflight')}.outputs.version`),
        DEPLOYMENT: deploymentOf(release),
      },
      run: `printf 'Approved: %s, deployment %s\\n' "$VERSION" "$DEPLOYMENT" | tee -a "$GITHUB_STEP_SUMMARY"`,
    },
  ],
});

/**
 * The deployment's own wait (`approval.when`). Behind GitHub's gate it hands the review over: who said yes is
 * written down, and a yes of the wrong person, or one that came too late, ends the deployment before anything is
 * changed. Without that gate it waits for `sluice approve`.
 */
const waitingJob = (release: ReleaseJobs, behind: readonly string[]): Job => {
  const { target } = release;
  const job = approvalPhase(target);
  const reviewed = approvalGate(target.github) === 'github';
  return {
    name: titleOf(release, reviewed ? 'Approval: who, and in time' : 'Approval'),
    needs: [idOf(release, 'preflight'), ...behind],
    if: hasBegun(release),
    'timeout-minutes': minutes(job.longest),
    permissions: { ...CREDENTIAL_RIGHTS, ...(reviewed ? REVIEW_RIGHTS : {}) },
    environment: environmentOf(release),
    ...(release.concurrency === undefined ? {} : { concurrency: release.concurrency }),
    steps: phaseSteps(release, [], { ...job, asksGithub: reviewed }),
  };
};

/**
 * Jobs between the checks and the first change, by id: GitHub's reviewed environment where the plan offers
 * reviewers, then the deployment's own wait where the stack asks for one. None where nobody is asked.
 */
const approvalJobs = (release: ReleaseJobs): Jobs => {
  const { target } = release;
  if (!asksSomebody(target)) return {};
  const approval = idOf(release, 'approval');
  if (approvalGate(target.github) !== 'github') return { [approval]: waitingJob(release, []) };
  const gate = { [approval]: reviewedJob(release) };
  if (target.app.approval.when === 'none') return gate;
  return { ...gate, [idOf(release, 'approved')]: waitingJob(release, [approval]) };
};

/** Runs whatever failed, was cancelled or was lost: traffic back, report, messages. */
const failureJob = (release: ReleaseJobs, watched: readonly string[]): Job => {
  const { target } = release;
  const first = idOf(release, 'preflight');
  return {
    name: titleOf(release, 'Failure: take back and report'),
    needs: watched,
    // A status function, or this job would be skipped with the ones it is there for. Without a deployment nothing
    // has begun; a run that was cancelled between two jobs leaves one half-way as a failure does. A job that was
    // skipped has no outputs at all, which is not the same to everybody as an empty one.
    if: `(failure() || cancelled()) && needs.${first}.result != 'skipped' && needs.${first}.outputs.deployment != ''`,
    'timeout-minutes': minutes(target.app.timeouts.rollback + 10 * 60_000),
    permissions: { ...CREDENTIAL_RIGHTS, ...TELLING_RIGHTS },
    environment: environmentOf(release),
    ...(release.concurrency === undefined ? {} : { concurrency: release.concurrency }),
    steps: [
      checkout({ commit: release.of?.commit }),
      ...install,
      credentials(target, 'deploy'),
      sluice(
        {
          name: 'Take back and report',
          id: 'phase',
          env: { DEPLOYMENT: deploymentOf(release), ...environmentValues(target, 'deploy') },
        },
        'deploy',
        `--stack=${target.stack}`,
        '--deployment="$DEPLOYMENT"',
        `--phase=${FAILURE}`,
      ),
      tell(release),
      keepLog(target, 'rollback-logs', { deployment: deploymentOf(release), suffix: `-${FAILURE}` }),
      keepDocument(target, 'deployment-failure-report', deploymentOf(release)),
    ],
  };
};

/** All jobs of a release into one environment, by id. */
export const releaseJobs = (release: ReleaseJobs): Jobs => {
  const jobs = phases(release);
  return { ...jobs, [idOf(release, FAILURE)]: failureJob(release, Object.keys(jobs)) };
};

/** Id of the last job of a release that goes well. */
export const lastJob = (release: Pick<ReleaseJobs, 'prefix' | 'target'>): string =>
  `${release.prefix}${phaseJobs(release.target.app).at(-1)?.phase ?? 'record'}`;

const needsOf = (ids: readonly string[]): { needs?: readonly string[] } =>
  ids.length === 0 ? {} : { needs: [...new Set(ids)] };
