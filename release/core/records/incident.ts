import type { DeploymentRecord } from './schema.ts';

const UPDATE_EVERY = 15 * 60_000;

const iso = (ms: number): string => new Date(ms).toISOString();
const minutes = (ms: number): string => `${Math.round(ms / 600) / 100} minutes`;

/** `critical` where users may still be without a version that works. */
const severityOf = (r: DeploymentRecord): string =>
  r.status === 'success' && r.rollback?.verified === true ? 'high' : 'critical';

const statusOf = (r: DeploymentRecord): string => {
  if (r.status === 'success') return `mitigated: ${r.live?.version ?? r.version} serves and was verified`;
  return `not mitigated: the emergency rollback ended as ${r.status}; serving ${r.live?.version ?? 'nothing'}`;
};

const actionsOf = (r: DeploymentRecord): string[] =>
  r.timeline.map((e) => `- ${e.at} ${e.phase}: ${e.what}${e.by === undefined ? '' : ` (${e.by})`}`);

/** Updates are due every 15 minutes until somebody closes the incident; the first ones are written down already. */
const updatesOf = (r: DeploymentRecord): string[] => {
  const from = Date.parse(r.started_at);
  const known = statusOf(r);
  const rows = [0, 1, 2, 3].map((n) => {
    const at = from + n * UPDATE_EVERY;
    if (n === 0) return `| ${iso(at)} | emergency rollback began: ${r.change.why} | ${r.change.who} |`;
    return at < Date.parse(r.finished_at) + UPDATE_EVERY
      ? `| ${iso(at)} | ${known} | ${r.change.who} |`
      : `| ${iso(at)} | | |`;
  });
  return ['| at | status | by |', '|---|---|---|', ...rows];
};

/** The incident document of an emergency rollback (E4, D11), filled in with what the record knows. Markdown. */
export const incidentDocument = (r: DeploymentRecord): string => {
  const took = Date.parse(r.finished_at) - Date.parse(r.started_at);
  const stack = r.environment;
  return [
    `# Incident: emergency rollback of ${r.application} in ${stack}`,
    '',
    `Subject: [INCIDENT] ${stack} deployment issue - ${severityOf(r)}`,
    '',
    `- Incident: \`${r.deployment_id}\`${r.change.ticket === undefined ? '' : `, ticket ${r.change.ticket}`}`,
    `- Severity: ${severityOf(r)}`,
    `- Impact: ${r.change.why}; users were on ${r.previous?.version ?? 'an unknown version'} until traffic went back`,
    `- Status: ${statusOf(r)}`,
    `- ETA: ${r.status === 'success' ? `over after ${minutes(took)}` : 'unknown; a person is at work'}`,
    `- Began: ${r.started_at}; traffic back: ${backAt(r)}; ended: ${r.finished_at}`,
    `- Called by: ${r.change.who}; on call: ${r.change.on_call} (${r.change.team})`,
    '',
    '## Actions taken',
    ...actionsOf(r),
    '',
    '## Updates, every 15 minutes',
    ...updatesOf(r),
    '',
    '## Recovery',
    ...recoveryOf(r).map((step, i) => `${i + 1}. ${step}`),
    '',
    '## After it',
    '- Root cause:',
    '- Permanent fix:',
    '- Reviewed by:',
    '',
  ].join('\n');
};

const backAt = ({ rollback }: DeploymentRecord): string =>
  rollback?.weights_restored_ms === undefined
    ? 'not yet'
    : iso(Date.parse(rollback.decided_at) + rollback.weights_restored_ms);

const recoveryOf = (r: DeploymentRecord): string[] => [
  `Assess impact and scope: \`sluice status --stack ${r.environment}\` names what serves.`,
  `Gather the team: ${r.change.team}, ${r.change.on_call}.`,
  r.status === 'success'
    ? `Rollback: done, ${r.rollback?.weights_restored_ms ?? '?'} ms after the decision.`
    : `Rollback: did not end well. \`sluice reconcile --stack ${r.environment} --to live\`, then \`sluice rollback --stack ${r.environment} --to <deployment> --override --reason "${r.change.why}"\`.`,
  `Data: where it is wrong too, \`sluice backup list --stack ${r.environment}\` and \`sluice backup restore <deployment> --stack ${r.environment}\`.`,
  `Validate: smoke tests ${r.health_checks['smoke_tests'] ?? 'not run'}; watch errors and latency for 24 hours.`,
  'Resume: mend the cause in a new version; releases go the usual way again.',
];
