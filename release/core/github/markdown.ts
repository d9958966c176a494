import { code, safe } from '../markdown.ts';
import type { DeploymentRecord } from '../records/schema.ts';

/** Where a deployment's record is kept. */
export interface RecordPlace {
  readonly bucket: string;
  readonly region: string | undefined;
  readonly key: string;
}

/** A page for people: the console asks them for their own login. */
const recordLink = ({ bucket, region, key }: RecordPlace): string =>
  `https://${region ?? 'us-east-1'}.console.aws.amazon.com/s3/object/${bucket}?prefix=${encodeURIComponent(key)}`;

/** How a deployment stands: as its record says, or as it is while it is under way. */
export type Standing = DeploymentRecord['status'] | 'refused' | 'running' | 'waiting';

const HEAD: Readonly<Record<Standing, string>> = {
  success: '✅ live',
  rolled_back: '↩️ rolled back',
  failed: '❌ failed',
  refused: '⛔ refused, nothing was changed',
  running: '⏳ under way',
  waiting: '✋ waits for approval',
};

const facts = (r: DeploymentRecord, standing: Standing, place: RecordPlace | undefined): string[] => {
  const rows: [string, string][] = [
    ['Deployment', code(r.deployment_id)],
    ['Commit', `${code(r.git_sha.slice(0, 12))} (${safe(r.git_ref)})`],
    ['Started by', `${safe(r.triggered_by)}: ${safe(r.change.why)}`],
  ];
  if (r.change.approver !== undefined) rows.push(['Approved by', safe(r.change.approver)]);
  if (r.previous?.version !== undefined) rows.push(['Version before', safe(r.previous.version)]);
  if (r.live !== undefined) rows.push(['Serving', `**${safe(r.live.version)}**`]);
  if (r.database_backup !== undefined) rows.push(['Backup', code(r.database_backup.location)]);
  if (standing === 'success') rows.push(['Rollback until', safe(r.rollback_deadline)]);
  if (r.change.link !== undefined) rows.push(['Run', `[log](${r.change.link})`]);
  if (place !== undefined)
    rows.push(['Record', `[${code(`s3://${place.bucket}/${place.key}`)}](${recordLink(place)})`]);
  return ['| | |', '| --- | --- |', ...rows.map(([name, value]) => `| ${name} | ${value} |`), ''];
};

const stages = (r: DeploymentRecord): string[] => {
  if (r.rollout_stages.length === 0) return [];
  const rows = r.rollout_stages.map((s) => {
    const why = s.verdicts.at(-1)?.why ?? '';
    return `| ${safe(s.stage)} | ${s.traffic_percentage} % | ${safe(s.status)} | ${safe(why)} |`;
  });
  return ['| stage | traffic | result | verdict |', '| --- | --- | --- | --- |', ...rows, ''];
};

const migrations = (r: DeploymentRecord): string[] => {
  const { pending, destructive } = r.migrations;
  if (pending.length === 0) return [];
  return [
    `**Migrations:** ${pending.map(code).join(', ')}`,
    ...(destructive.length === 0 ? [] : ['', `⚠️ **Destructive:** ${destructive.map(safe).join('; ')}`]),
    '',
  ];
};

const findings = (r: DeploymentRecord): string[] => {
  const told = r.findings.filter((f) => f.level !== 'note');
  if (told.length === 0) return [];
  return [
    '**Checks**',
    '',
    ...told.map((f) => `- ${f.level === 'refuse' ? '⛔' : '⚠️'} ${safe(f.message)}`),
    '',
  ];
};

const failure = (r: DeploymentRecord): string[] => {
  if (r.failure === undefined) return [];
  const { phase, stage, why } = r.failure;
  return [`**Failed in ${safe(stage ?? phase)}:** ${safe(why)}`, ''];
};

const smoke = (r: DeploymentRecord): string[] => {
  const failed = r.smoke_tests.filter((t) => !t.passed);
  if (r.smoke_tests.length === 0) return [];
  if (failed.length === 0) return [`${r.smoke_tests.length} smoke tests passed.`, ''];
  return [
    '**Smoke tests that failed**',
    '',
    ...failed.map((t) => `- ${safe(t.name)}: ${safe(t.why ?? '')}`),
    '',
  ];
};

const next = (r: DeploymentRecord, standing: Standing): string[] => {
  const stack = r.environment;
  switch (standing) {
    case 'success':
      return [`To take it back: ${code(r.change.rollback_plan)}`];
    case 'waiting':
      return [`To let it through: ${code(`sluice approve ${r.deployment_id} --stack ${stack}`)}`];
    case 'running':
      return [`To look at it: ${code(`sluice status --stack ${stack}`)}`];
    default:
      return [];
  }
};

/** A deployment for a job summary or a pull request: markdown, without secrets, one screen long. */
export const deploymentMarkdown = (
  r: DeploymentRecord,
  standing: Standing,
  place: RecordPlace | undefined,
): string =>
  [
    `### ${safe(r.application)} ${safe(r.version)} in ${safe(r.environment)}: ${HEAD[standing]}`,
    '',
    ...failure(r),
    ...facts(r, standing, place),
    ...stages(r),
    ...migrations(r),
    ...smoke(r),
    ...findings(r),
    ...next(r, standing),
  ]
    .join('\n')
    .trimEnd();

const STATES = {
  success: 'success',
  rolled_back: 'failure',
  failed: 'failure',
  refused: 'error',
  running: 'in_progress',
  waiting: 'queued',
} as const satisfies Record<Standing, string>;

/** The same in GitHub's words for a deployment status. */
export const stateOf = (standing: Standing): (typeof STATES)[Standing] => STATES[standing];

/** One line, at most 140 characters, as GitHub shows it beside a deployment. */
export const describe = (r: DeploymentRecord, standing: Standing): string => {
  const text = `${r.version}: ${HEAD[standing].replace(/^\S+ /, '')}${r.failure === undefined ? '' : `: ${r.failure.why}`}`;
  return text.replaceAll(/\s+/g, ' ').slice(0, 140).toWellFormed();
};
