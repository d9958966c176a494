import type { DeploymentRecord } from './schema.ts';

const WHEN = [
  'users see errors or wrong results that began with this version',
  'latency or the error rate leaves the service objectives and stays there',
  'a security problem was brought in',
  'data is written wrongly (then restore the database as well)',
];

/** How to go back from this deployment, for a person in a hurry (E4). Markdown. */
export const rollbackInstructions = (r: DeploymentRecord): string => {
  const stack = r.environment;
  return [
    `# Rollback of ${r.application} ${r.version} (${stack})`,
    '',
    `- Deployment: \`${r.deployment_id}\``,
    `- Version: ${r.version}, before it: ${r.previous?.version ?? 'none'}`,
    `- Status: ${r.status}`,
    `- Window: ${r.rollback_window_minutes} minutes, until **${r.rollback_deadline}** (afterwards add \`--override\`)`,
    `- On call: ${r.change.on_call} (${r.change.team})`,
    '',
    '## When',
    ...WHEN.map((w) => `- ${w}`),
    '',
    '## Steps',
    `1. Look: \`sluice status --stack ${stack}\``,
    `2. Go back: \`sluice rollback --stack ${stack} --reason "service outage"\``,
    `   In an emergency, also while another run holds the stack: add \`--mode emergency\`.`,
    `3. Check: \`sluice status --stack ${stack}\` names ${r.previous?.version ?? 'the earlier version'} with all the traffic.`,
    `4. With plain Pulumi instead: \`sluice config at previous --stack ${stack}\` prints the configuration to set, then \`pulumi up --stack ${stack}\`.`,
    '',
    '## Database',
    ...database(r),
    '',
  ].join('\n');
};

const database = (r: DeploymentRecord): string[] => {
  const backup = r.database_backup;
  if (backup === undefined) return ['No backup belongs to this deployment.'];
  const at = backup.location.startsWith('s3://')
    ? backup.location
    : `s3://<backup bucket>/${backup.location}`;
  return [
    `Backup of ${backup.timestamp}: \`${at}\`. Restoring it takes back everything written since.`,
    ...(r.migrations.destructive.length > 0
      ? [
          `Migrations that took data away: ${r.migrations.destructive.join(', ')}. Going back needs the restore.`,
        ]
      : []),
    '',
    `    sluice backup restore ${backup.backup_id} --stack ${r.environment}`,
    '',
    'or by hand:',
    '',
    `    aws s3 cp ${at} - | gunzip | psql "$DATABASE_URL"`,
  ];
};
