import type { Problem } from '../../lib/errors.ts';
import { showPath, showValue, valueAt } from '../problems.ts';
import type { Path } from '../problems.ts';
import type { App, Database } from '../types.ts';
import { formatDuration } from '../units.ts';
import { crossRollout } from './cross-rollout.ts';
import { crossServices } from './cross-services.ts';
import { namePattern, nameRule } from './fields.ts';
import { LIMITS } from './limits.ts';
import type { Written } from './schema.ts';
import { missingSecret } from './tell.ts';
import type { IsWritten, Tell } from './tell.ts';

export interface CrossInput {
  readonly app: App;
  /** What `app` was resolved from. */
  readonly written: Written;
  /** As written, to show what was given. */
  readonly input: unknown;
  readonly root: string;
  /** Settings that could not be read. A conclusion from one of them would be noise. */
  readonly lost: readonly Path[];
}

/** Problems that show only when settings are seen together. */
export const crossProblems = ({ app, written, input, root, lost }: CrossInput): Problem[] => {
  const problems: Problem[] = [];
  const tell: Tell = (path, reason, allowed, { needs = [path], got } = {}) => {
    if (needs.some((need) => lost.some((gone) => related(need, gone)))) return;
    const shown = got ?? showValue(valueAt(input, path), path);
    problems.push({
      path: showPath(root, path),
      reason,
      ...(shown === undefined ? {} : { got: shown }),
      ...(allowed === undefined ? {} : { allowed }),
    });
  };
  const isWritten: IsWritten = (path) => valueAt(input, path) !== undefined;
  crossNames(app, isWritten, tell);
  crossServices(app, written, isWritten, tell);
  crossRollout(app, tell);
  crossData(app, tell);
  crossProcess(app, tell);
  return problems;
};

/** One is above the other, or they are the same. */
const related = (a: Path, b: Path): boolean => a.slice(0, b.length).every((step, i) => step === b[i]);

const crossNames = (app: App, isWritten: IsWritten, tell: Tell): void => {
  if (!isWritten(['environment']) && !namePattern(LIMITS.environment).test(app.environment)) {
    tell(
      ['environment'],
      'is missing, and the stack’s name cannot stand for it',
      nameRule(LIMITS.environment),
      {
        got: `stack ${JSON.stringify(app.environment)}`,
      },
    );
  }
};

/** A task has the new version's image and its service's place, and nothing of this project in it. */
const crossTask = (app: App, database: Database, tell: Tell): void => {
  if (database.runs !== 'task') return;
  const runs: Path = ['database', 'runs'];
  if (app.target.kind !== 'ecs') tell(runs, 'needs containers on ECS', 'runner');
  if (!Object.values(app.services).some((s) => s.secrets.includes(database.url)))
    tell(runs, `finds no service that is given ${database.url}, to run beside`, `secrets: [${database.url}]`);
  if (database.backup.enabled)
    tell(
      ['database', 'backup', 'enabled'],
      'cannot be with `runs: task`: a dump passes through the machine that runs sluice',
      'false, with snapshots of the database itself; or runs: runner on a machine inside the network',
      { needs: [runs, ['database', 'backup', 'enabled']] },
    );
  const { when, back } = database.migrations;
  if (back !== undefined)
    tell(
      ['database', 'migrations', 'back'],
      'cannot be with `runs: task`: the machine that runs sluice undoes migrations, and does not reach the database',
      'none; undo them in a task of your own',
      { needs: [runs, ['database', 'migrations', 'back']] },
    );
  if (when === 'besideBuild' || when === 'beforeBuild')
    tell(
      ['database', 'migrations', 'when'],
      'is before the new version’s tasks can run',
      'beforeTraffic, afterStart',
      { needs: [runs, ['database', 'migrations', 'when']] },
    );
};

const crossData = (app: App, tell: Tell): void => {
  if (app.database) {
    crossTask(app, app.database, tell);
    missingSecret(app, ['database', 'url'], app.database.url, tell);
    const { scratchUrl } = app.database.backup;
    if (app.database.migrations.maintenance && app.target.kind === 'lambda')
      tell(
        ['database', 'migrations', 'maintenance'],
        'has no page: functions are called by their alias',
        'false; close it where the callers are',
      );
    if (app.database.migrations.maintenance && app.rollout === 'direct')
      tell(
        ['database', 'migrations', 'maintenance'],
        'needs updates of its own before and after, and `rollout: direct` is one update',
        'false, with `sluice maintenance on` and `off` around it; or rollout: staged',
      );
    if (scratchUrl !== undefined) missingSecret(app, ['database', 'backup', 'scratchUrl'], scratchUrl, tell);
  }
  const { retention, coldAfter } = app.buckets;
  if (coldAfter >= retention) {
    tell(
      ['buckets', 'coldAfter'],
      'is not before the end of the retention',
      `less than ${formatDuration(retention)}`,
      {
        needs: [
          ['buckets', 'coldAfter'],
          ['buckets', 'retention'],
        ],
        got: formatDuration(coldAfter),
      },
    );
  }
  const taken = new Map<string, string>();
  for (const kind of ['backup', 'record', 'lease'] as const) {
    const bucket = app.buckets[kind];
    if (bucket === undefined) continue;
    const other = taken.get(bucket);
    if (other !== undefined) tell(['buckets', kind], `is the ${other} bucket already`, 'a bucket of its own');
    taken.set(bucket, kind);
  }
  if (app.backups.keep < app.backups.every) {
    tell(
      ['backups', 'keep'],
      'is shorter than the time between two backups',
      `at least ${formatDuration(app.backups.every)}`,
      {
        needs: [['backups']],
        got: formatDuration(app.backups.keep),
      },
    );
  }
};

const crossProcess = (app: App, tell: Tell): void => {
  const { checks, approval } = app;
  if (checks.mode === 'run' && Object.keys(checks.commands).length === 0) {
    tell(
      ['checks', 'commands'],
      'is missing: `mode: run` has nothing to run',
      'a name and a command for each check',
    );
  }
  if (checks.mode === 'require' && checks.required.length > 0 && app.repository === undefined) {
    tell(['repository'], 'is missing: the required checks cannot be looked up', 'owner/name on GitHub', {
      needs: [['repository'], ['checks', 'required'], ['checks', 'mode']],
    });
  }
  if (checks.after === app.environment) {
    tell(['checks', 'after'], 'is this environment itself', 'another environment, e.g. staging');
  }
  if (approval.when !== 'none' && approval.reviewers.length === 0) {
    tell(['approval', 'reviewers'], 'is missing: nobody could approve', `1 to ${LIMITS.reviewers} reviewers`);
  }
  for (const [i, window] of app.freeze.entries()) {
    if (Date.parse(window.from) >= Date.parse(window.to)) {
      tell(['freeze', i, 'to'], 'is not after `from`', `later than ${window.from}`);
    }
  }
};
