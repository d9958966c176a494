import { describe, expect, it } from 'vitest';
import { minimal, problemLines, reasons } from './fixtures.ts';
import type { Settings } from './fixtures.ts';

const stages = (...traffic: string[]): unknown =>
  minimal({ stages: traffic.map((t, i) => ({ name: `stage-${i}`, traffic: t, bake: '1 minute' })) });
describe('stages', () => {
  it.each<[string, unknown, string[]]>([
    ['are right when they rise to 100', stages('5 %', '50 %', '100 %'), []],
    ['may be one', stages('100 %'), []],
    [
      'may not fall',
      stages('50 %', '5 %', '100 %'),
      ['stages[1].traffic: is not more than the stage before it'],
    ],
    [
      'may not stay',
      stages('50 %', '50 %', '100 %'),
      ['stages[1].traffic: is not more than the stage before it'],
    ],
    ['may not pass 100', stages('5 %', '101 %'), ['stages[1].traffic: is more than all traffic']],
    [
      'may not stop below',
      stages('5 %', '50 %'),
      ['stages[1].traffic: the last stage does not give the new version everything'],
    ],
    [
      'may not begin with nothing',
      stages('0 %', '100 %'),
      ['stages[0].traffic: is less than a load balancer can give'],
    ],
    [
      'may not go on after 100',
      stages('100 %', '100 %'),
      ['stages[1].traffic: is not more than the stage before it'],
    ],
    ['must exist', minimal({ stages: [] }), ['stages: has too few entries']],
    [
      'must be longer than a probe interval',
      minimal({ stages: [{ name: 'a', traffic: '100 %', bake: '9 seconds' }] }),
      ['stages[0].bake: ends before the first probe'],
    ],
    [
      'are told apart by name',
      minimal({
        stages: [
          { name: 'a', traffic: '5 %', bake: '1 hour' },
          { name: 'a', traffic: '100 %', bake: '1 hour' },
        ],
      }),
      ['stages[1].name: is the name of another stage'],
    ],
  ])('%s', (_, value, expected) => {
    expect(reasons(value)).toEqual(expected);
  });
});

describe('addresses and places', () => {
  it.each<[string, Settings | undefined, string[]]>([
    ['azora.world', undefined, ['url: is not an address']],
    ['ftp://azora.world', undefined, ['url: is not an http address']],
    ['http://azora.world', undefined, ['url: is not https']],
    ['https://me:hunter2@azora.world', undefined, ['url: carries a user or password']],
    ['https://azora.world/shop', undefined, ['url: has a path, query or fragment']],
    ['http://127.0.0.1:8080', undefined, []],
    ['https://azora.world/', undefined, []],
    [
      'https://x.example',
      { network: { cidr: '10.0.0.1/16' } },
      ['network.cidr: is not a network range that can be used here'],
    ],
    [
      'https://x.example',
      { network: { cidr: '10.0.0.0/8' } },
      ['network.cidr: is not a network range that can be used here'],
    ],
    [
      'https://x.example',
      {
        network: {
          kind: 'existing',
          vpcId: 'vpc-0a1b2c3d',
          publicSubnetIds: ['subnet-0a1b2c3d'],
          privateSubnetIds: ['subnet-1a1b2c3d'],
        },
      },
      ['network.publicSubnetIds: has too few entries'],
    ],
    [
      'https://x.example',
      { loadBalancer: { kind: 'existing', arn: 'x' } },
      [
        'loadBalancer.arn: is not well formed',
        'loadBalancer.listenerArn: is missing',
        'loadBalancer.securityGroupId: is missing',
      ],
    ],
    ['https://x.example', { repository: 'azora' }, ['repository: is not well formed']],
    [
      'https://x.example',
      { images: { repository: 'docker.io/azora/{name}' } },
      ['images.repository: is not well formed'],
    ],
  ])('%s %j', (url, more, expected) => {
    expect(reasons(minimal({ url, ...more }))).toEqual(expected);
    expect(problemLines(minimal({ url, ...more })).join('\n')).not.toContain('hunter2');
  });
});

describe('settings around a release that contradict each other', () => {
  it.each<[Settings, string[]]>([
    [
      { health: { timeout: '11 seconds' } },
      ['health.timeout: is longer than the interval, so probes would pile up'],
    ],
    [
      { health: { steadyInterval: '10 seconds' } },
      ['health.steadyInterval: is not longer than the timeout of one probe'],
    ],
    [{ health: { steadyInterval: '6 minutes' } }, ['health.steadyInterval: is too large']],
    [{ timeouts: { health: '1 hour' } }, ['timeouts.health: is longer than the deployment may take']],
    [{ gate: { errors: { notWorseThan: '0.5x' } } }, ['gate.errors.notWorseThan: is too small']],
    [
      { gate: { latency: { slowerThan: 'p90' } } },
      ['gate.latency.slowerThan: is neither p95, p99 nor a duration'],
    ],
    [{ gate: { holdback: '60 %' } }, ['gate.holdback: is too large']],
    [{ gate: { holdback: '50 %' } }, ['gate.holdback: leaves the last stage no more than the one before it']],
    [{ gate: { holdback: '49 %' } }, []],
    [
      {
        smoke: {
          tests: [
            { name: 'a', path: '/' },
            { name: 'a', path: '/', body: 'x', status: 700 },
          ],
        },
      },
      ['smoke.tests[1].status: is too large'],
    ],
    [
      {
        smoke: {
          tests: [
            { name: 'a', path: '/' },
            { name: 'a', path: '/', body: 'x' },
          ],
        },
      },
      ['smoke.tests[1].name: is the name of another test', 'smoke.tests[1].body: is not sent with GET'],
    ],
    [
      {
        secrets: { DATABASE_URL: 'x' },
        database: { runs: 'task', migrations: { command: 'migrate', back: 'undo' } },
      },
      [
        'database.runs: finds no service that is given DATABASE_URL, to run beside',
        'database.backup.enabled: cannot be with `runs: task`: a dump passes through the machine that runs sluice',
        'database.migrations.back: cannot be with `runs: task`: the machine that runs sluice undoes migrations, and does not reach the database',
        'database.migrations.when: is before the new version’s tasks can run',
      ],
    ],
    [{ checks: { mode: 'run' } }, ['checks.commands: is missing: `mode: run` has nothing to run']],
    [{ checks: { required: ['ci'] } }, ['repository: is missing: the required checks cannot be looked up']],
    [{ checks: { after: 'production' } }, ['checks.after: is this environment itself']],
    [{ approval: { when: 'first' } }, ['approval.reviewers: is missing: nobody could approve']],
    [
      { approval: { when: 'first', reviewers: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] } },
      ['approval.reviewers: has too many entries'],
    ],
    [
      { buckets: { retention: '30 days', coldAfter: '30 days' } },
      ['buckets.coldAfter: is not before the end of the retention'],
    ],
    [{ buckets: { retention: '36 hours' } }, ['buckets.retention: is not a whole number of days']],
    [
      { backups: { every: '7 days', keep: '1 day' } },
      ['backups.keep: is shorter than the time between two backups'],
    ],
    [
      { freeze: [{ from: '2026-12-24', to: '2026-12-25T00:00:00Z', reason: 'x' }] },
      ['freeze[0].from: is not a time with its zone'],
    ],
    [
      { notifications: [{ to: 'slack', on: ['succes'] }] },
      ['notifications[0].on[0]: is not one of the allowed values; did you mean `success`?'],
    ],
  ])('%j', (more, expected) => {
    expect(reasons(minimal(more))).toEqual(expected);
  });
});
