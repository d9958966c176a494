import type { DeploymentRecord } from './schema.ts';

/** One line of the audit (E2): who, what, when, where, why, and the change record of the same deployment. */
export interface AuditEntry {
  readonly change_id: string;
  readonly when: string;
  readonly ended: string;
  readonly who: string;
  readonly what: string;
  readonly where: string;
  readonly why: string;
  readonly ticket: string;
  readonly risk: string;
  readonly approver: string;
  readonly result: string;
  /** Smoke tests and health at the end: the validation of the change. */
  readonly validation: string;
  readonly rollback_plan: string;
  readonly team: string;
  readonly commit: string;
  readonly images: string;
  readonly migrations: number;
  readonly backup: string;
  readonly failure: string;
  readonly run: string;
}

const validationOf = (r: DeploymentRecord): string =>
  Object.entries(r.health_checks)
    .map(([name, state]) => `${name} ${state}`)
    .join(', ');

export const auditEntry = (r: DeploymentRecord): AuditEntry => ({
  change_id: r.deployment_id,
  when: r.started_at,
  ended: r.finished_at,
  who: r.change.who,
  what: r.change.what,
  where: r.change.where,
  why: r.change.why,
  ticket: r.change.ticket ?? '',
  risk: r.change.risk,
  approver: r.change.approver ?? '',
  result: r.status,
  validation: validationOf(r),
  rollback_plan: r.change.rollback_plan,
  team: r.change.team,
  commit: r.git_sha,
  images: Object.entries(r.images)
    .map(([service, image]) => `${service}=${image}`)
    .join(' '),
  migrations: r.migrations_applied,
  backup: r.database_backup?.location ?? '',
  failure: r.failure?.why ?? '',
  run: r.change.link ?? '',
});

/** A spreadsheet takes a cell that begins like this for a formula; an apostrophe makes it text. */
const FORMULA = /^[=+\-@\t\r]/;

const cell = (value: string | number): string => {
  const text = typeof value === 'string' && FORMULA.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

const COLUMNS: readonly (keyof AuditEntry)[] = [
  'change_id',
  'when',
  'ended',
  'who',
  'what',
  'where',
  'why',
  'ticket',
  'risk',
  'approver',
  'result',
  'validation',
  'rollback_plan',
  'team',
  'commit',
  'images',
  'migrations',
  'backup',
  'failure',
  'run',
];

/** RFC 4180, with a head line. */
export const auditCsv = (entries: readonly AuditEntry[]): string =>
  [COLUMNS, ...entries.map((e) => COLUMNS.map((c) => e[c]))]
    .map((row) => `${row.map(cell).join(',')}\r\n`)
    .join('');
