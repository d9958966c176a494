import type { Deployed, Github, KnownEnvironment } from '../github.types.ts';
import type { App } from '../types.ts';

/** What a job does; each kind has a role of its own in each deployed environment. */
export type JobKind = 'deploy' | 'rollback' | 'tidy' | 'backup' | 'drift' | 'preview';
export const JOB_KINDS: readonly JobKind[] = ['deploy', 'rollback', 'tidy', 'backup', 'drift', 'preview'];

/** Whether any job of an environment takes a role of this kind: one that nobody takes is not made. */
export const takesRole = (
  kind: JobKind,
  app: Pick<App, 'rollout' | 'database'>,
  { schedules }: Pick<Github, 'schedules'>,
): boolean => {
  switch (kind) {
    case 'tidy':
      return schedules.tidy !== undefined && app.rollout === 'staged';
    case 'backup':
      return schedules.backup !== undefined && app.database?.backup.enabled === true;
    case 'drift':
      return schedules.drift !== undefined;
    case 'deploy':
    case 'rollback':
    case 'preview':
      return true;
    default:
      return kind satisfies never;
  }
};

/** Workflow files, below `.github/workflows/`. */
export type WorkflowFile =
  | 'preview.yml'
  | 'deploy-staging.yml'
  | 'deploy-production.yml'
  | 'rollback.yml'
  | 'tidy.yml'
  | 'backup.yml'
  | 'drift.yml';

/** GitHub environment that a job of this kind names; it stands in the token that the role is given for. */
export const environmentOf = (deployed: Deployed, kind: JobKind): KnownEnvironment => {
  switch (kind) {
    case 'preview':
      return 'preview';
    case 'rollback':
      return `${deployed}-rollback`;
    case 'deploy':
    case 'tidy':
    case 'backup':
    case 'drift':
      return deployed;
    default:
      return kind satisfies never;
  }
};

/** Workflow files whose jobs may take the role. */
export const workflowsOf = (
  deployed: Deployed,
  kind: JobKind,
  triggers: Pick<Github['triggers'], 'production'>,
): readonly WorkflowFile[] => {
  switch (kind) {
    case 'deploy': {
      const own: WorkflowFile = deployed === 'staging' ? 'deploy-staging.yml' : 'deploy-production.yml';
      // In the same run after staging: the file is staging's, the environment production's.
      return deployed === 'production' && triggers.production.afterStaging
        ? [own, 'deploy-staging.yml']
        : [own];
    }
    case 'rollback':
      return ['rollback.yml'];
    case 'tidy':
      return ['tidy.yml'];
    case 'backup':
      return ['backup.yml'];
    case 'drift':
      return ['drift.yml'];
    case 'preview':
      return ['preview.yml'];
    default:
      return kind satisfies never;
  }
};

/** `azora-production-deploy`: at most 64 characters, since both names have limits. */
export const roleName = (application: string, deployed: Deployed, kind: JobKind): string =>
  `${application}-${deployed}-${kind}`;

/** ARN of the role that a job takes; what workflow files name. */
export const roleArn = (
  { application, aws }: Pick<Github, 'application' | 'aws'>,
  deployed: Deployed,
  kind: JobKind,
): string => `arn:aws:iam::${aws.account}:role/${roleName(application, deployed, kind)}`;
