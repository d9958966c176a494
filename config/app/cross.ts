import type { Problem } from '../../lib/errors.ts';
import { nearest } from '../../lib/nearest.ts';
import { showPath, showValue, valueAt } from '../problems.ts';
import type { Path } from '../problems.ts';
import type { App } from '../types.ts';
import { formatDuration, formatPercent } from '../units.ts';
import { crossServices } from './cross-services.ts';
import { namePattern, nameRule } from './fields.ts';
import { LIMITS } from './limits.ts';
import { SMALLEST_SHARE } from './rollout.ts';
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
  crossStages(app, tell);
  crossHoldback(app, tell);
  crossProbes(app, tell);
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

const crossStages = (app: App, tell: Tell): void => {
  let before = 0;
  const names = new Set<string>();
  for (const [i, stage] of app.stages.entries()) {
    const traffic = ['stages', i, 'traffic'];
    const needs = app.stages.slice(0, i + 1).map((_, earlier) => ['stages', earlier, 'traffic']);
    const last = i === app.stages.length - 1;
    if (stage.traffic > 100) tell(traffic, 'is more than all traffic', 'at most 100 %');
    else if (stage.traffic < SMALLEST_SHARE) {
      tell(traffic, 'is less than a load balancer can give', `at least ${formatPercent(SMALLEST_SHARE)}`);
    } else if (stage.traffic <= before) {
      const allowed =
        before < 100 ? `more than ${formatPercent(before)}, at most 100 %` : 'no stage after 100 %';
      tell(traffic, 'is not more than the stage before it', allowed, { needs });
    } else if (last && stage.traffic < 100) {
      tell(traffic, 'the last stage does not give the new version everything', '100 %');
    }
    before = Math.max(before, Math.min(stage.traffic, 100));
    if (stage.bake === 0) {
      tell(
        ['stages', i, 'bake'],
        'a stage of zero length watches nothing',
        'more than 0; leave the stage out to skip it',
      );
    } else if (stage.bake < app.health.interval) {
      tell(
        ['stages', i, 'bake'],
        'ends before the first probe',
        `at least health.interval, ${formatDuration(app.health.interval)}`,
        {
          needs: [
            ['stages', i, 'bake'],
            ['health', 'interval'],
          ],
        },
      );
    }
    if (names.has(stage.name))
      tell(['stages', i, 'name'], 'is the name of another stage', 'a name of its own');
    names.add(stage.name);
  }
};

/** The last stage gives `100 - holdback`, which must still be more than the stage before it. */
const crossHoldback = (app: App, tell: Tell): void => {
  const { holdback } = app.gate;
  const before = app.stages.at(-2)?.traffic ?? 0;
  if (holdback === undefined || before + holdback < 100) return;
  const allowed = `less than ${formatPercent(100 - before)}, what the stage before the last leaves`;
  tell(['gate', 'holdback'], 'leaves the last stage no more than the one before it', allowed, {
    needs: [['gate', 'holdback'], ['stages']],
  });
};

const crossProbes = (app: App, tell: Tell): void => {
  const { timeout, interval, steadyInterval } = app.health;
  if (timeout > interval) {
    tell(
      ['health', 'timeout'],
      'is longer than the interval, so probes would pile up',
      `at most ${formatDuration(interval)}`,
      {
        needs: [
          ['health', 'timeout'],
          ['health', 'interval'],
        ],
        got: formatDuration(timeout),
      },
    );
  }
  if (timeout >= steadyInterval) {
    tell(
      ['health', 'steadyInterval'],
      'is not longer than the timeout of one probe',
      `more than ${formatDuration(timeout)}`,
      {
        needs: [
          ['health', 'timeout'],
          ['health', 'steadyInterval'],
        ],
        got: formatDuration(steadyInterval),
      },
    );
  }
  if (app.timeouts.health > app.timeouts.deploy) {
    tell(
      ['timeouts', 'health'],
      'is longer than the deployment may take',
      `at most ${formatDuration(app.timeouts.deploy)}`,
      {
        needs: [
          ['timeouts', 'health'],
          ['timeouts', 'deploy'],
        ],
        got: formatDuration(app.timeouts.health),
      },
    );
  }
  for (const service of Object.keys(app.gate.services)) {
    if (Object.hasOwn(app.services, service)) continue;
    const meant = nearest(service, Object.keys(app.services));
    tell(
      ['gate', 'services'],
      `no service is named \`${service}\`${meant === undefined ? '' : `; did you mean \`${meant}\`?`}`,
      meant === undefined ? Object.keys(app.services).join(', ') : undefined,
      { needs: [['services', service]], got: `\`${service}\`` },
    );
  }
  const names = new Set<string>();
  for (const [i, test] of app.smoke.tests.entries()) {
    if (names.has(test.name))
      tell(['smoke', 'tests', i, 'name'], 'is the name of another test', 'a name of its own');
    names.add(test.name);
    if (test.body !== undefined && test.method !== 'POST') {
      tell(['smoke', 'tests', i, 'body'], `is not sent with ${test.method}`, 'only with `method: POST`');
    }
  }
};

const crossData = (app: App, tell: Tell): void => {
  if (app.database) {
    missingSecret(app, ['database', 'url'], app.database.url, tell);
    const { scratchUrl } = app.database.backup;
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
