import { z } from 'zod';
import {
  choice,
  DAY,
  duration,
  flag,
  HOUR,
  list,
  MINUTE,
  named,
  SECOND,
  strict,
  text,
  VARIABLE,
  words,
} from './fields.ts';
import { LIMITS } from './limits.ts';

/** What happens around a release: checks, approval, messages, backups by schedule, watching, freezes. */

/** A command alone runs at every level. */
const checkCommand = z.preprocess(
  (value) => (typeof value === 'string' ? { run: value } : value),
  strict({
    run: words('a shell command'),
    /** `enhanced`: left out where the level is quick. Default: quick. */
    level: choice('quick', 'enhanced').prefault('quick'),
  }),
);

const checks = strict({
  /** `require`: named checks passed on the commit before; `run`: the commands run inside. Default: require. */
  mode: choice('require', 'run').prefault('require'),
  /** Default: enhanced where staged, quick where direct. */
  level: choice('quick', 'enhanced').optional(),
  /** Names of GitHub checks or workflow files. Default: none. */
  required: list(words('the name of a check'), 'a list of check names').prefault([]),
  /** Name → command, or {run, level}. Default: none. */
  commands: named(/^[\w .-]{1,60}$/, 'a short name', checkCommand).prefault({}),
  /** Whether the version's git tag must exist. Default: true where staged. */
  tag: flag().optional(),
  /** Environment in which the same version must have ended well before. Default: none. */
  after: text(/^[a-z][a-z0-9-]*$/, 'the name of an environment').optional(),
});

const approval = strict({
  /** Default: none. */
  when: choice('none', 'first', 'afterStaging').prefault('none'),
  /** GitHub users or `org/team`. Default: none. */
  reviewers: list(
    text(/^[A-Za-z0-9][A-Za-z0-9-]{0,38}(\/[A-Za-z0-9._-]{1,100})?$/, 'a GitHub user or org/team'),
    `at most ${LIMITS.reviewers} reviewers (GitHub's limit)`,
    { max: LIMITS.reviewers },
  ).prefault([]),
  /** No answer in this time means no. Default: 24 hours; GitHub ends at 30 days. */
  timeout: duration(MINUTE, 30 * DAY).prefault('24 hours'),
  /** Whoever started a deployment may not approve it. Default: true. */
  preventSelfReview: flag().prefault(true),
});

const backups = strict({
  /** By schedule, beside those before migrations. Default: 1 day. */
  every: duration(5 * MINUTE, 30 * DAY).prefault('1 day'),
  /** Default: 30 days. */
  keep: duration(DAY, 3650 * DAY).prefault('30 days'),
  /** Objective: how much may be lost. Default: 1 day. */
  recoveryPoint: duration(MINUTE, 30 * DAY).prefault('1 day'),
  /** Objective: how long recovery may take. Default: 15 minutes. */
  recoveryTime: duration(MINUTE, 7 * DAY).prefault('15 minutes'),
});

const EVENTS = ['approval', 'success', 'failure', 'rolled_back'] as const;
/** Names under which the source documents keep each address. */
const USUAL_SECRET = {
  slack: 'SLACK_WEBHOOK',
  telegram: 'TELEGRAM_BOT_TOKEN',
  email: 'EMAIL_USERNAME',
  pagerduty: 'PAGERDUTY_ROUTING_KEY',
  teams: 'TEAMS_WEBHOOK',
  webhook: 'WEBHOOK_URL',
} as const;

const notification = strict({
  to: choice('slack', 'telegram', 'email', 'pagerduty', 'teams', 'webhook'),
  /** Name from `secrets`, or of an environment variable. Default: the usual one, e.g. SLACK_WEBHOOK. */
  secret: z
    .string({ error: 'a name from `secrets`' })
    .refine((value) => VARIABLE.test(value), {
      error: 'is not a name; the address itself must not stand here',
      params: {
        allowed: 'a name from `secrets` or of an environment variable, e.g. SLACK_WEBHOOK',
        quiet: true,
      },
    })
    .optional(),
  /** Default: all of them. */
  on: list(choice(...EVENTS), `a list of ${EVENTS.join(', ')}`, { min: 1 }).prefault([...EVENTS]),
  /** Channel or chat, where the sender has one. */
  channel: words('a channel, e.g. "#deployments"').optional(),
}).transform(({ secret, ...rest }) => ({ ...rest, secret: secret ?? USUAL_SECRET[rest.to] }));

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;
const INSTANT_RULE = 'a time with its zone, in quotes: "2026-12-24T18:00:00Z"';
const instant = z
  .string({ error: INSTANT_RULE })
  .refine((value) => INSTANT.test(value) && !Number.isNaN(Date.parse(value)), {
    error: 'is not a time with its zone',
    params: { allowed: INSTANT_RULE },
  });

/** No release starts inside. Default: none. */
const freeze = list(
  strict({ from: instant, to: instant, reason: words('why') }),
  'a list of {from, to, reason}',
);

/** What users are told while the application is closed. */
const maintenance = strict({
  /** Stands inside files of web servers: nothing that could end a text there. */
  message: text(/^[^"'<>&\\$#;{}\0\r\n]{1,400}$/, 'one sentence without quotes, < > & \\ $ # ; { }').prefault(
    'We are working on this service. It will be back in a few minutes.',
  ),
  /** When clients are asked to come again. Default: 1 minute. */
  retryAfter: duration(SECOND, DAY).prefault('1 minute'),
});

export const aroundSettings = {
  maintenance: maintenance.prefault({}),
  checks: checks.prefault({}),
  approval: approval.prefault({}),
  backups: backups.prefault({}),
  notifications: list(notification, 'a list, each with `to`').prefault([]),
  /** Closer watching after a release. Default: 24 hours. */
  watch: strict({ for: duration(0, 7 * 24 * HOUR).prefault('24 hours') }).prefault({}),
  freeze: freeze.prefault([]),
};
