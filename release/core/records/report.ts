import type { DeploymentRecord } from './schema.ts';

/** What went wrong and what a person must do now (E4). Markdown. */
export const failureReport = (r: DeploymentRecord): string => {
  const { failure } = r;
  return [
    `# ${r.application} ${r.version} in ${r.environment}: ${r.status === 'rolled_back' ? 'rolled back' : 'failed'}`,
    '',
    `- Deployment: \`${r.deployment_id}\``,
    `- Version: ${r.version}`,
    `- Failed: ${failure?.stage === undefined ? (failure?.phase ?? 'unknown') : `stage ${failure.stage}`}, at ${failure?.at ?? r.finished_at}`,
    `- Why: ${failure?.why ?? 'unknown'}`,
    `- Backup: ${r.database_backup === undefined ? 'none was taken' : `${r.database_backup.location} (kept)`}`,
    `- Serving now: ${r.live?.version ?? 'nothing'}`,
    '',
    ...(failure !== undefined && failure.details.length > 0
      ? ['## Details', ...failure.details.map((d) => `- ${d}`), '']
      : []),
    ...evidence(r),
    ...rollback(r),
    '## What to do',
    ...actions(r).map((a, i) => `${i + 1}. ${a}`),
    '',
  ].join('\n');
};

const evidence = (r: DeploymentRecord): string[] => {
  const stage = r.rollout_stages.find((s) => s.status === 'failed');
  if (stage === undefined) return [];
  const rows = Object.entries(stage.totals).map(
    ([service, t]) =>
      `| ${service} | ${t.fresh.requests} | ${t.fresh.errors} | ${t.fresh.p95 ?? '–'} | ${t.stable.requests} | ${t.stable.errors} | ${t.stable.p95 ?? '–'} |`,
  );
  if (rows.length === 0) return [];
  return [
    `## Seen in stage ${stage.stage} (${stage.traffic_percentage} %)`,
    '',
    '| service | new: requests | errors | p95 ms | before: requests | errors | p95 ms |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ];
};

const rollback = (r: DeploymentRecord): string[] => {
  const { rollback: b } = r;
  if (b === undefined) return [];
  const ms = (n: number | undefined): string => (n === undefined ? 'not reached' : `${n} ms`);
  return [
    '## The way back',
    `- decided ${b.decided_at}; weights restored after ${ms(b.weights_restored_ms)}, recorded in the stack after ${ms(b.recorded_ms)}`,
    `- ${b.verified === true ? 'the version that serves was verified' : 'the version that serves was **not** verified'}`,
    ...(b.problem === undefined ? [] : [`- **${b.problem}**`]),
    '',
  ];
};

const actions = (r: DeploymentRecord): string[] => [
  ...(r.rollback?.problem === undefined
    ? []
    : [`Mend the stack: \`sluice reconcile --stack ${r.environment}\`. On call: ${r.change.on_call}.`]),
  r.status === 'rolled_back' || r.live !== undefined
    ? `Users are on ${r.live?.version ?? 'the version before'}; check with \`sluice status --stack ${r.environment}\`.`
    : 'Nothing serves: deploy a version that works.',
  `Read the logs named \`…-${r.deployment_id}\`.`,
  'Mend the cause, then deploy a new version; this deployment is over.',
];
