import { z } from 'zod';
import { flag, list, strict, text, words } from '../app/fields.ts';
import { patterns } from './environments.ts';

/** When staging and production are deployed. */

const staging = strict({
  /** Branches whose pushes deploy. Default: the default branch, unless something else below deploys. */
  push: patterns('main').optional(),
  /** Only pushes that change one of these, e.g. docker-compose.yml. Default: any push. */
  paths: list(words('a path pattern, e.g. docker-compose.yml'), 'a list of path patterns').prefault([]),
  /** After a workflow succeeded. Default: none. */
  afterWorkflow: strict({
    name: words('the name of a workflow'),
    branches: patterns('develop'),
  }).optional(),
  /** Target branches of pull requests from this repository that deploy. Default: none. */
  pullRequest: patterns('main').prefault([]),
});

const production = strict({
  /** Tags whose push deploys. Default: v*, unless something else below deploys. */
  tags: patterns('v*').optional(),
  /** By hand, with an optional version. Default: true. */
  dispatch: flag().prefault(true),
  /** By hand, naming the staging deployment that is promoted. Default: false. */
  promote: flag().prefault(false),
  /** In the same run after staging. Default: false. */
  afterStaging: flag().prefault(false),
});

export const triggers = strict({ staging: staging.prefault({}), production: production.prefault({}) });

const FIELD = String.raw`(?:\*|\d{1,2}(?:-\d{1,2})?)(?:\/\d{1,2})?`;
const CRON = new RegExp(String.raw`^${FIELD}(?:,${FIELD})*(?: ${FIELD}(?:,${FIELD})*){4}$`);
const LIMIT: readonly (readonly [number, number])[] = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
];
const CRON_RULE = 'five cron fields in UTC such as "17 2 * * *", or never';

const inRange = (cron: string): boolean =>
  cron.split(' ').every((field, i) => {
    const [low, high] = LIMIT[i] ?? [0, 0];
    const numbers = field
      .split(',')
      .flatMap((part) => (part.split('/')[0] ?? '').split('-'))
      .filter((n) => n !== '*')
      .map(Number);
    return numbers.every((n) => n >= low && n <= high);
  });

const cron = z.string({ error: CRON_RULE }).refine((v) => v === 'never' || (CRON.test(v) && inRange(v)), {
  error: 'is no schedule',
  params: { allowed: CRON_RULE },
});

export const schedules = strict({
  /** Old slots down after their window. Default: twice an hour. */
  tidy: cron.prefault('11,41 * * * *'),
  /** Default: every night. */
  backup: cron.prefault('23 2 * * *'),
  /** Live weights and resources compared with the stack. Default: every morning. */
  drift: cron.prefault('37 5 * * *'),
});

export const branch = text(/^[^\s~^:?*[\\]{1,244}$/, 'the name of a branch, e.g. main');
