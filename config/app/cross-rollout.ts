import { nearest } from '../../lib/nearest.ts';
import type { App } from '../types.ts';
import { formatDuration, formatPercent } from '../units.ts';
import { SMALLEST_SHARE } from './rollout.ts';
import type { Tell } from './tell.ts';

/** What stages, probes, gate and smoke tests must agree on. */
export const crossRollout = (app: App, tell: Tell): void => {
  crossStages(app, tell);
  crossStrategy(app, tell);
  crossHoldback(app, tell);
  crossProbes(app, tell);
  crossWatch(app, tell);
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

/** D3 has one stage; D4 has none, for no share is left to the old version. */
const crossStrategy = (app: App, tell: Tell): void => {
  const needs = [['strategy'], ['stages']];
  if (app.strategy === 'blueGreen' && app.stages.length > 1)
    tell(
      ['stages'],
      'are several, and `strategy: blueGreen` moves all traffic at once',
      'one stage of 100 %',
      {
        needs,
        got: `${app.stages.length} stages`,
      },
    );
  if (app.strategy === 'rolling' && app.gate.holdback !== undefined)
    tell(['gate', 'holdback'], 'keeps the old version, and `strategy: rolling` replaces it', 'none', {
      needs: [['strategy'], ['gate', 'holdback']],
    });
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
};

/** Settings of the gate by service, and smoke tests. */
const crossWatch = (app: App, tell: Tell): void => {
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
