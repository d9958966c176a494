import type { App } from '../config/types.ts';

/** What a phase's log is called: `<kind>-<deployment id>`, the names that people look for (requirement E3). */
export type LogName =
  | 'backup-logs'
  | 'migration-logs'
  | 'build-logs'
  | 'docker-build'
  | 'rollout-logs'
  | 'deployment-logs'
  | 'health-check-logs'
  | 'smoke-test-logs'
  | 'deployment'
  | 'rollback-logs';

/** One job of a release. */
export interface PhaseJob {
  /** Id of the job, and what `sluice deploy --phase` is told: a phase, or the name of a stage. */
  readonly phase: string;
  /** As a run shows it. */
  readonly title: string;
  /** Longest time, milliseconds. */
  readonly longest: number;
  readonly logs: readonly LogName[];
  /** Whether this job asks GitHub about the commit. */
  readonly asksGithub?: boolean;
  /** Whether images may be built and pushed here. */
  readonly builds?: boolean;
}

const MINUTE = 60_000;
/** Checkout, installation, credentials, and the lease of a runner that died before. */
const AROUND = 5 * MINUTE;

/** How long a stage may bake: evidence may be waited for. */
const bakeOf = (app: App, bake: number): number => bake * (app.gate.patience ?? 3);

/** The release that is walked through stage by stage: every phase and every stage is a job of its own. */
const staged = (app: App): readonly PhaseJob[] => {
  const { timeouts } = app;
  const database = app.database !== undefined;
  const named = (phase: string, title: string, longest: number, logs: readonly LogName[]): PhaseJob => ({
    phase,
    title,
    longest: longest + AROUND,
    logs,
  });
  return [
    { ...named('preflight', 'Validate and check', timeouts.health, []), asksGithub: true },
    ...(database && app.database.backup.enabled
      ? [named('backup', 'Back up the database', timeouts.backup, ['backup-logs'])]
      : []),
    {
      ...named('migrate', database ? 'Migrate and build' : 'Build', timeouts.migrate + timeouts.deploy, [
        'migration-logs',
        'build-logs',
      ]),
      builds: true,
    },
    named('deploy', 'New version up, without traffic', timeouts.deploy + timeouts.health, [
      'rollout-logs',
      'health-check-logs',
      'rollback-logs',
    ]),
    ...app.stages.map((s) =>
      named(
        s.name,
        `${capital(s.name)}: ${s.traffic} %`,
        bakeOf(app, s.bake) + timeouts.health + timeouts.rollback,
        ['rollout-logs', 'health-check-logs', 'rollback-logs'],
      ),
    ),
    named('smoke', 'Smoke tests', timeouts.health + timeouts.rollback, ['smoke-test-logs', 'rollback-logs']),
    named('record', 'Record', timeouts.health, []),
  ];
};

/** One update deploys: migrations, new version, health. What follows looks at it, and takes it back if need be. */
const direct = ({ timeouts }: App): readonly PhaseJob[] => [
  {
    phase: 'preflight',
    title: 'Validate and check',
    longest: timeouts.health + AROUND,
    logs: [],
    asksGithub: true,
  },
  {
    phase: 'rollout',
    title: 'Migrate and deploy',
    longest: timeouts.deploy + timeouts.migrate + timeouts.health + AROUND,
    logs: ['migration-logs', 'docker-build', 'deployment-logs', 'health-check-logs', 'rollback-logs'],
    builds: true,
  },
  {
    phase: 'smoke',
    title: 'Smoke tests',
    longest: timeouts.health + timeouts.rollback + AROUND,
    logs: ['deployment', 'rollback-logs'],
  },
  { phase: 'record', title: 'Record', longest: timeouts.health + AROUND, logs: [] },
];

/** The job that runs whatever failed: what is left half-way goes back, and what happened is reported. */
export const FAILURE = 'failure';

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Jobs of a release into an environment, in their order. One row here is one job in the file. */
export const phaseJobs = (app: App): readonly PhaseJob[] =>
  app.rollout === 'direct' ? direct(app) : staged(app);

/** GitHub ends a job after six hours, whatever a file says. */
const LONGEST_MINUTES = 360;

export const minutes = (ms: number): number => Math.min(LONGEST_MINUTES, Math.max(1, Math.ceil(ms / MINUTE)));
