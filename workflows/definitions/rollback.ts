import { DEPLOYED, type Deployed } from '../../config/github.types.ts';
import { environmentOf } from '../../config/github/roles.ts';
import type { App } from '../../config/types.ts';
import { expression, type Job, type Workflow } from '../model.ts';
import { minutes } from '../phases.ts';
import { CREDENTIAL_RIGHTS } from '../rights.ts';
import { targetOf, type WorkflowSettings } from '../settings.ts';
import {
  checkout,
  credentials,
  environmentValues,
  install,
  keepDocument,
  keepLog,
  sluice,
} from '../steps.ts';

/** Why people roll back (requirement A3). */
export const REASONS = [
  'critical bug',
  'performance issue',
  'security vulnerability',
  'data corruption',
  'service outage',
  'failed deployment',
] as const;

/** A standard rollback waits for people where a release does: `sluice approve` answers it. */
const waits = ({ approval }: App): number => (approval.when === 'none' ? 0 : approval.timeout);

/** Whether an environment has a command that undoes migrations; the other one refuses by itself. */
const undoes = ({ apps }: WorkflowSettings): boolean =>
  DEPLOYED.some((d) => apps[d].database?.migrations.back !== undefined);

/** Undoing takes as long as migrating may. */
const undoing = ({ database, timeouts }: App): number =>
  database?.migrations.back === undefined ? 0 : timeouts.migrate;

const rollbackJob = (settings: WorkflowSettings, deployed: Deployed): Job => {
  const target = targetOf(settings, deployed);
  return {
    name: `Roll back ${target.app.environment}`,
    // One job an environment: each has a role and secrets of its own, known before anything runs.
    if: `inputs.environment == '${deployed}'`,
    'timeout-minutes': minutes(
      target.app.timeouts.rollback + undoing(target.app) + waits(target.app) + 15 * 60_000,
    ),
    permissions: CREDENTIAL_RIGHTS,
    environment: { name: environmentOf(deployed, 'rollback'), url: target.app.url },
    steps: [
      checkout({ history: true }),
      ...install,
      credentials(target, 'rollback'),
      sluice(
        {
          name: 'Roll back',
          id: 'rollback',
          env: {
            VERSION: expression("inputs.version != 'previous' && inputs.version || ''"),
            REASON: expression('inputs.reason'),
            MODE: expression('inputs.mode'),
            TICKET: expression('inputs.ticket'),
            RESTORE: expression("inputs.restore_database && 'yes' || ''"),
            ...(undoes(settings) ? { REVERT: expression("inputs.revert_migrations && 'yes' || ''") } : {}),
            OVERRIDE: expression("inputs.override && 'yes' || ''"),
            ...environmentValues(target, 'rollback'),
          },
        },
        'rollback',
        `--stack=${target.stack}`,
        '--reason="$REASON"',
        '--mode="$MODE"',
        '${VERSION:+"--to=$VERSION"}',
        '${TICKET:+"--ticket=$TICKET"}',
        '${RESTORE:+--restore-database}',
        ...(undoes(settings) ? ['${REVERT:+--revert-migrations}'] : []),
        '${OVERRIDE:+--override}',
        '--on-interrupt=leave',
      ),
      keepLog(target, 'rollback-logs', { deployment: expression('steps.rollback.outputs.deployment') }),
      keepDocument(target, 'deployment-record', expression('steps.rollback.outputs.deployment')),
    ],
  };
};

/** Going back by hand. In a group of its own: it must not wait for the release that it takes back. */
export const rollback = (settings: WorkflowSettings): Workflow => ({
  file: 'rollback.yml',
  name: 'Roll back',
  runName: `Roll back ${expression('inputs.environment')} (${expression('inputs.mode')}): ${expression('inputs.reason')}`,
  about: [
    'Takes an environment back to a release that ended well. It never waits for a release that runs:',
    'an emergency takes the lease over, and that release stops by itself.',
  ],
  on: {
    workflow_dispatch: {
      inputs: {
        environment: { description: 'Which environment', type: 'choice', required: true, options: DEPLOYED },
        version: {
          description: 'Version or deployment to go back to; previous: the last that ended well',
          type: 'string',
          default: 'previous',
        },
        reason: { description: 'Why', type: 'choice', required: true, options: REASONS },
        mode: {
          description: 'emergency: critical checks only, traffic first, also while a release runs',
          type: 'choice',
          required: true,
          options: ['standard', 'emergency'],
        },
        restore_database: {
          description: 'Also restore the backup that was taken before the release',
          type: 'boolean',
          default: false,
        },
        ...(undoes(settings)
          ? {
              revert_migrations: {
                description: 'Also undo the migrations since then',
                type: 'boolean' as const,
                default: false,
              },
            }
          : {}),
        override: { description: 'Although the rollback window is over', type: 'boolean', default: false },
        ticket: { description: 'Incident or ticket, for the record', type: 'string' },
      },
    },
  },
  concurrency: {
    group: `rollback-${expression('inputs.environment')}`,
    queue: 'max',
    'cancel-in-progress': false,
  },
  jobs: Object.fromEntries(DEPLOYED.map((d) => [d, rollbackJob(settings, d)])),
});
