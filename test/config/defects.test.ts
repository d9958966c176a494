import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { minimal, problemLines, reasons } from './fixtures.ts';

describe('a configuration with two dozen defects', () => {
  const lines = problemLines(
    parse(`
application: Azora_Production_Environment
url: http://azora.world/shop
stagse: []
services:
  api: { path: /api/*, port: 3000, replica: 3, cpu: 1 vCPU, memory: 16 GiB }
  auth: { path: /api/*, port: 99999 }
  web: { port: 80, secrets: [API_KEYY] }
  jobs: { kind: worker, path: /jobs }
secrets:
  DATABASE_URL: postgres://azora:hunter2@db/azora
  API_KEY: azora/api
database:
  url: STAGING_DB
  migrations: { command: npx prisma migrate deploy, when: besidesBuild }
stages:
  - { name: canary, traffic: 50 %, bake: 0 minutes }
  - { name: progressive, traffic: 5 %, bake: 300 }
  - { name: full, traffic: 120 %, bake: 15 parsecs, bakee: 1 }
health: { interval: 10, retries: five }
gate: { falseRollbacks: 90 %, errors: { notWorseThen: 1.5x } }
buckets: { backup: Azora_Backups }
network: { kind: exsiting }
smoke:
  tests: [ { name: x } ]
notifications: [ { to: slak } ]
freeze: [ { from: "2026-12-24T00:00:00Z", to: "2026-12-23T00:00:00Z", reason: holidays } ]
rollback:
`),
  );

  it('is told all of them at once, each with its place, the value and what is allowed', () => {
    expect(lines).toEqual(EXPECTED);
  });

  it('never repeats the password that stands where a name should', () => {
    expect(lines.join('\n')).not.toContain('hunter2');
  });
});

const EXPECTED = [
  'sluice:app: unknown key `stagse`; did you mean `stages`?',
  'sluice:app.application: is longer than 20 characters (got "Azora_Production_Environment"; allowed: lower-case letters, digits and single hyphens, starting with a letter, at most 20 characters)',
  'sluice:app.url: is not https (got "http://azora.world/shop"; allowed: an address without path, e.g. https://azora.world)',
  'sluice:app.services.api: unknown key `replica`; did you mean `replicas`?',
  'sluice:app.services.auth.port: is too large (got 99999; allowed: a whole number from 1 to 65535)',
  'sluice:app.services.api.memory: Fargate has no 16 GiB with 1 vCPU (got 16 GiB; allowed: 2 GiB to 8 GiB in steps of 1 GiB)',
  'sluice:app.services.web.path: is missing: a web service is reached by its path (allowed: a path such as /api/*, or `kind: worker`)',
  'sluice:app.services.web.secrets: no secret is named `API_KEYY`; did you mean `API_KEY`? (got `API_KEYY`; allowed: API_KEY; add it below sluice:app.secrets)',
  'sluice:app.services.jobs.path: a worker answers no requests (got "/jobs"; allowed: no paths, or `kind: web`)',
  'sluice:app.services.auth.path: is the path of service `api` already (got "/api/*"; allowed: a path of its own, or one service for both)',
  'sluice:app.secrets.DATABASE_URL: is not the name of a secret; a value must not stand here (allowed: the name or ARN of a secret in AWS Secrets Manager)',
  'sluice:app.database.migrations.when: is not one of the allowed values; did you mean `besideBuild`? (got "besidesBuild"; allowed: besideBuild, beforeBuild, beforeTraffic, afterStart)',
  'sluice:app.database.url: no secret is named `STAGING_DB` (got `STAGING_DB`; allowed: API_KEY; add it below sluice:app.secrets)',
  'sluice:app.stages[1].bake: a duration needs its unit (got 300; allowed: "300 seconds" or "300 minutes", whichever is meant)',
  'sluice:app.stages[2].bake: unknown unit `parsecs` (got "15 parsecs"; allowed: "300 ms", "10 seconds", "5 minutes", "1 hour" or "365 days")',
  'sluice:app.stages[2]: unknown key `bakee`; did you mean `bake`?',
  'sluice:app.stages[0].bake: a stage of zero length watches nothing (got "0 minutes"; allowed: more than 0; leave the stage out to skip it)',
  'sluice:app.stages[1].traffic: is not more than the stage before it (got "5 %"; allowed: more than 50 %, at most 100 %)',
  'sluice:app.stages[2].traffic: is more than all traffic (got "120 %"; allowed: at most 100 %)',
  'sluice:app.health.interval: a duration needs its unit (got 10; allowed: "10 seconds" or "10 minutes", whichever is meant)',
  'sluice:app.health.retries: is not a number (got "five"; allowed: a whole number from 1 to 100)',
  'sluice:app.gate.falseRollbacks: is too large (got "90 %"; allowed: 0.0001 % to 50 %)',
  'sluice:app.gate.errors: unknown key `notWorseThen`; did you mean `notWorseThan`?',
  'sluice:app.buckets.backup: is not well formed (got "Azora_Backups"; allowed: 3 to 63 lower-case letters, digits and hyphens, starting and ending with a letter or digit)',
  'sluice:app.network.kind: is not one of the allowed values; did you mean `existing`? (got "exsiting"; allowed: new, existing)',
  'sluice:app.smoke.tests[0].path: is missing (allowed: a path that starts with a slash)',
  'sluice:app.notifications[0].to: is not one of the allowed values; did you mean `slack`? (got "slak"; allowed: slack, telegram, email, pagerduty, teams, webhook)',
  'sluice:app.freeze[0].to: is not after `from` (got "2026-12-23T00:00:00Z"; allowed: later than 2026-12-24T00:00:00Z)',
  'sluice:app.rollback: is empty (allowed: a map of settings, one `key: value` a line)',
];

describe('unknown keys', () => {
  it('are all reported, at every level, each with the nearest valid one', () => {
    const value = minimal({
      rollot: 'staged',
      kubernetes: {},
      team: { nmae: 'x' },
      network: { zone: 2 },
      services: { web: { path: '/*', port: 1, helth: {}, health: { puplicPath: '/x' } } },
      database: { migrations: { command: 'x', wehn: 'x' } },
      secrets: { DATABASE_URL: 'db' },
    });
    expect(reasons(value)).toEqual([
      ': unknown key `rollot`; did you mean `rollout`?',
      ': unknown key `kubernetes`',
      'services.web.health: unknown key `puplicPath`; did you mean `publicPath`?',
      'services.web: unknown key `helth`; did you mean `health`?',
      'team: unknown key `nmae`; did you mean `name`?',
      'network: unknown key `zone`; did you mean `zones`?',
      'database.migrations: unknown key `wehn`; did you mean `when`?',
    ]);
    expect(problemLines(minimal({ team: { colour: 1 } }))).toEqual([
      'sluice:app.team: unknown key `colour` (allowed: name, onCall)',
    ]);
  });

  it('draw no second message about what was meant', () => {
    expect(reasons(minimal({ services: { web: { pahts: ['/*'], prot: 3000 } } }))).toEqual([
      'services.web: unknown key `pahts`; did you mean `paths`?',
      'services.web: unknown key `prot`; did you mean `port`?',
    ]);
    expect(reasons(minimal({ aplication: 'x', application: undefined }))).toEqual([
      ': unknown key `aplication`; did you mean `application`?',
    ]);
  });
});

describe('whatever stands in a configuration', () => {
  /** Every place in a value: the path of each key and list entry. */
  const places = (value: unknown, path: string[] = []): string[][] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, inner]) => [[...path, key], ...places(inner, [...path, key])])
      : [];
  const full = minimal({
    secrets: { DATABASE_URL: 'db' },
    database: { migrations: { command: 'x' }, backup: { prefix: 'p' } },
    services: {
      web: { path: '/*', port: 1, health: { path: '/h' }, environment: { A: 'b' } },
      jobs: { kind: 'worker' },
    },
    stages: [
      { name: 'a', traffic: '5 %', bake: '1 hour' },
      { name: 'b', traffic: '100 %', bake: '1 hour' },
    ],
    smoke: { tests: [{ name: 'a', path: '/', status: [200], headers: { a: 'b' } }] },
    gate: { services: { web: { errors: { enabled: false } } }, budget: { requests: 1 } },
    network: { kind: 'new', zones: 2 },
    loadBalancer: { allowedCidrs: ['10.0.0.0/8'] },
    notifications: [{ to: 'slack', on: ['success'] }],
    freeze: [{ from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z', reason: 'x' }],
  });

  it('is either understood or told as problems: never a bug', () => {
    expect(problemLines(full)).toEqual([]);
    fc.assert(
      fc.property(fc.constantFrom(...places(full)), fc.jsonValue({ maxDepth: 2 }), (path, value) => {
        const changed = structuredClone(full);
        let holder: Record<string, unknown> = changed;
        for (const step of path.slice(0, -1)) holder = holder[step] as Record<string, unknown>;
        holder[path.at(-1) ?? ''] = value;
        for (const line of problemLines(changed)) expect(line).toMatch(/^sluice:app.*: \S/);
      }),
      { numRuns: 500 },
    );
  });

  it('may be named like something that every object has', () => {
    expect(problemLines(minimal({ services: { constructor: { path: '/*', port: 1 } } }))).toEqual([]);
    expect(
      problemLines(minimal({ services: { web: { path: '/*', port: 1, secrets: ['toString'] } } })),
    ).toEqual([
      'sluice:app.services.web.secrets: no secret is named `toString` (got `toString`; allowed: none is declared; add it below sluice:app.secrets)',
    ]);
    expect(problemLines(minimal({ constructor: 1 }))).toEqual([
      expect.stringMatching(/^sluice:app: unknown key `constructor` \(allowed: application, /),
    ]);
  });
});
