import type { JobKind } from '../../config/github.ts';
import { DEPLOYED, type Deployed } from '../../config/github.types.ts';
import { expression, type Job, type Step, type Workflow } from '../model.ts';
import { minutes } from '../phases.ts';
import { CREDENTIAL_RIGHTS } from '../rights.ts';
import { targetOf, type Target, type WorkflowSettings } from '../settings.ts';
import { checkout, credentials, environmentValues, install, sluice } from '../steps.ts';

/** What runs by the clock in each environment. */
interface Scheduled {
  readonly kind: Extract<JobKind, 'tidy' | 'backup' | 'drift'>;
  readonly name: string;
  readonly about: readonly string[];
  readonly longest: (target: Target) => number;
  /** Whether an environment has anything of the kind. */
  readonly applies: (target: Target) => boolean;
  readonly steps: (target: Target) => readonly Step[];
}

const env = (target: Target, kind: JobKind) => environmentValues(target, kind);
const MINUTE = 60_000;

const TIDY: Scheduled = {
  kind: 'tidy',
  name: 'Tidy',
  about: [
    'Takes the old slot down when its rollback window is over, and looks closely at a new release while it is young.',
    'Nothing to do is no error; something to look at fails the run.',
  ],
  longest: ({ app }) => app.timeouts.deploy,
  applies: ({ app }) => app.rollout === 'staged',
  steps: (target) => [
    sluice({ name: 'Take the old slot down', env: env(target, 'tidy') }, 'tidy', `--stack=${target.stack}`),
    sluice(
      { name: 'Watch the release', if: '!cancelled()', env: env(target, 'tidy') },
      'watch',
      `--stack=${target.stack}`,
      '--by-clock',
    ),
  ],
};

const BACKUP: Scheduled = {
  kind: 'backup',
  name: 'Backup',
  about: ['A backup of the database outside releases: taken, restored into a scratch database, compared.'],
  longest: ({ app }) => app.timeouts.backup,
  applies: ({ app }) => app.database?.backup.enabled === true,
  steps: (target) => [
    sluice({ name: 'Back up', env: env(target, 'backup') }, 'backup create', `--stack=${target.stack}`),
  ],
};

const DRIFT: Scheduled = {
  kind: 'drift',
  name: 'Drift',
  about: [
    'Compares what is live with what the stack says: weights first, then every resource. Changes nothing.',
  ],
  longest: () => 30 * MINUTE,
  applies: () => true,
  steps: (target) => [
    sluice({ name: 'Compare live weights', env: env(target, 'drift') }, 'status', `--stack=${target.stack}`),
    {
      name: 'Compare every resource',
      if: '!cancelled()',
      env: env(target, 'drift'),
      run: `pulumi preview --stack ${target.stack} --refresh --expect-no-changes --non-interactive`,
    },
  ],
};

const job = (scheduled: Scheduled, target: Target): Job => ({
  name: `${scheduled.name}: ${target.app.environment}`,
  'timeout-minutes': minutes(scheduled.longest(target) + 5 * MINUTE),
  permissions: CREDENTIAL_RIGHTS,
  environment: { name: target.deployed },
  steps: [checkout(), ...install, credentials(target, scheduled.kind), ...scheduled.steps(target)],
});

const workflow = (scheduled: Scheduled, settings: WorkflowSettings): Workflow | undefined => {
  const { kind } = scheduled;
  const cron = settings.github.schedules[kind];
  const targets = DEPLOYED.map((d: Deployed) => targetOf(settings, d)).filter(scheduled.applies);
  if (cron === undefined || targets.length === 0) return undefined;
  return {
    file: `${kind}.yml`,
    name: scheduled.name,
    about: scheduled.about,
    on: { schedule: [{ cron }], workflow_dispatch: { inputs: {} } },
    // Not the group of releases: it neither waits for them nor holds them up. The lease keeps them apart.
    concurrency: { group: `${kind}-${expression('github.ref')}`, 'cancel-in-progress': false },
    jobs: Object.fromEntries(targets.map((t) => [t.deployed, job(scheduled, t)])),
  };
};

/** Workflows that run by the clock; those that configuration leaves out are not there. */
export const scheduled = (settings: WorkflowSettings): readonly Workflow[] =>
  [TIDY, BACKUP, DRIFT].map((s) => workflow(s, settings)).filter((w) => w !== undefined);
