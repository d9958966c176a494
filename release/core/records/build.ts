import { liveOf } from '../release.ts';
import type { Entry, Metadata, StageRun, State, Status } from '../engine/types.ts';
import { gateLog } from '../gate/gate.ts';
import { objectivesOf } from './objectives.ts';
import type { DeploymentRecord } from './schema.ts';
import { namesOf } from './summary.ts';
import { recordedSmoke } from '../smoke.ts';

export const iso = (ms: number): string => new Date(ms).toISOString();
const minutes = (ms: number): number => Math.round((ms / 60_000) * 100) / 100;
const known = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  value === undefined ? {} : ({ [key]: value } as { [P in K]: V });

/** The record of a deployment: every field of both document shapes, and what really happened beside them. */
export const buildRecord = (s: State, status: Status, now: number): DeploymentRecord => {
  const finished = s.finishedAt ?? now;
  const { request, settings } = s;
  const slot = liveOf(s.current);
  return {
    format: 1,
    kind: s.kind,
    application: request.application,
    timestamp: iso(finished),
    started_at: iso(s.startedAt),
    finished_at: iso(finished),
    deployment_id: request.deployment,
    version: request.version,
    environment: request.environment,
    status,
    git_sha: s.preflight?.commit ?? request.commit,
    git_ref: request.ref,
    ...known('committed_at', request.committedAt === undefined ? undefined : iso(request.committedAt)),
    triggered_by: request.by,
    services_deployed: s.changed ? Object.keys(s.target?.services ?? {}) : [],
    images: Object.fromEntries(Object.entries(s.target?.services ?? {}).map(([n, x]) => [n, x.image])),
    ...known('database_backup', backupOf(s)),
    migrations_applied: appliedOf(s.migration, s),
    migrations: {
      pending: [...(s.preflight?.pendingMigrations ?? [])],
      destructive: [...(s.preflight?.destructive ?? [])],
      ...known('details', s.migration),
      ...known('undone', s.undone === undefined ? undefined : [...namesOf(s.undone['undone'])]),
    },
    rollout_stages: s.stages.map((x) => stageOf(x, finished)),
    health_checks: healthOf(s, status),
    smoke_tests: recordedSmoke(s.smoke?.cases ?? []),
    rollback_available: status === 'success' && (s.kind === 'rollback' || s.stable !== undefined),
    rollback_window_minutes: minutes(settings.rollback.window),
    rollback_deadline: iso(finished + settings.rollback.window),
    ...known('serial', s.current?.serial),
    ...known('live', slot === undefined ? undefined : { deployment: slot.deployment, version: slot.version }),
    ...known('previous', previousOf(s)),
    change: changeOf(s),
    ...known('maintenance', closedOf(s)),
    ...known('failure', failureOf(s)),
    ...known('rollback', rollbackOf(s)),
    ...known('gate', gateOf(s)),
    objectives: objectivesOf(s),
    baseline_note:
      'counts are compared with the version beside them; at 100 % there is none, and no statistical bound holds there',
    duration_ms: { total: finished - s.startedAt, bakes: bakes(s.stages, finished) },
    findings: (s.preflight?.findings ?? []).map(({ check, level, message }) => ({ check, level, message })),
    messages: s.messages.map((m) => ({ to: m.to, sent: m.sent, ...known('reason', m.reason) })),
    timeline: s.timeline.map(entryOf),
  };
};

const text = (metadata: Metadata, keys: readonly string[]): string | undefined => {
  const found = keys.map((k) => metadata[k]).find((v) => typeof v === 'string' || typeof v === 'number');
  return found === undefined ? undefined : String(found);
};

const backupOf = (s: State): DeploymentRecord['database_backup'] => {
  if (s.backup === undefined) return undefined;
  return {
    backup_id: text(s.backup, ['deployment', 'backup_id', 'id']) ?? s.request.deployment,
    location: text(s.backup, ['location', 'uri', 'url', 'key']) ?? '',
    timestamp: text(s.backup, ['timestamp', 'at', 'takenAt', 'finishedAt', 'startedAt']) ?? '',
    details: s.backup,
  };
};

const appliedOf = (migration: Metadata | undefined, s: State): number => {
  const applied = migration?.['applied'];
  if (typeof applied === 'number') return applied;
  if (Array.isArray(applied)) return applied.length;
  return migration === undefined ? 0 : (s.preflight?.pendingMigrations.length ?? 0);
};

/** What `sluice gate replay` needs; absent when no stage was reached. */
const gateOf = (s: State): DeploymentRecord['gate'] => {
  if (s.gate === undefined || s.stages.length === 0) return undefined;
  const verdicts = s.stages.flatMap((x) => x.verdicts.map((v) => v.verdict));
  return JSON.parse(JSON.stringify({ log: gateLog(s.gate), verdicts })) as NonNullable<
    DeploymentRecord['gate']
  >;
};

const stageOf = (x: StageRun, finished: number): DeploymentRecord['rollout_stages'][number] => ({
  stage: x.name,
  traffic_percentage: x.wanted,
  duration_minutes: minutes((x.endedAt ?? finished) - (x.bakeFrom ?? x.startedAt)),
  planned_minutes: minutes(x.bake),
  status: x.status,
  started_at: iso(x.startedAt),
  ...known('ended_at', x.endedAt === undefined ? undefined : iso(x.endedAt)),
  ...known('serial', x.serial),
  ...known('weights', x.weights),
  ...known('promoted_by', x.promotedBy),
  verdicts: x.verdicts.map((v) => ({
    at: iso(v.at),
    verdict: v.verdict.verdict,
    by: v.verdict.by,
    why: v.verdict.why,
    inconclusive: v.verdict.inconclusive,
    // As JSON has it: fields without a value are absent.
    evidence: JSON.parse(JSON.stringify(v.verdict.evidence)) as unknown[],
  })),
  totals: x.totals,
});

/** AZS names checks with underscores: `api_gateway`. */
const healthOf = (s: State, status: Status): Record<string, string> => ({
  ...Object.fromEntries(
    s.lastProbes.map((p) => [p.service.replaceAll('-', '_'), p.healthy ? 'healthy' : 'unhealthy']),
  ),
  ...(s.settings.database === undefined
    ? {}
    : { database: s.failure?.by === 'backup' || s.failure?.by === 'migration' ? 'unhealthy' : 'healthy' }),
  smoke_tests:
    s.smoke === undefined
      ? status === 'success'
        ? 'none'
        : 'not run'
      : s.smoke.passed
        ? 'passed'
        : 'failed',
});

const previousOf = (s: State): DeploymentRecord['previous'] => {
  if (s.before === undefined) return undefined;
  const version = s.stable === undefined ? undefined : s.before.slots[s.stable]?.version;
  return { serial: s.before.serial, ...known('version', version) };
};

const changeOf = ({ request, settings, approval, kind }: State): DeploymentRecord['change'] => ({
  who: request.by,
  what: `${kind} of ${request.application} to ${request.version}`,
  where: `${request.environment}, from ${request.where}`,
  why: request.reason,
  ...known('ticket', request.ticket),
  risk: request.risk ?? 'medium',
  ...known('approver', approval?.by),
  rollback_plan: `sluice rollback --stack ${request.environment} --reason "…"`,
  team: settings.team.name,
  on_call: settings.team.onCall,
  ...known('link', request.link),
});

const closedOf = ({ closed }: State): DeploymentRecord['maintenance'] =>
  closed === undefined
    ? undefined
    : { from: iso(closed.from), ...known('to', closed.to === undefined ? undefined : iso(closed.to)) };

const failureOf = ({ failure }: State): DeploymentRecord['failure'] =>
  failure === undefined
    ? undefined
    : {
        phase: failure.phase,
        ...known('stage', failure.stage),
        at: iso(failure.at),
        why: failure.why,
        by: failure.by,
        details: [...failure.details],
      };

const rollbackOf = ({ rollback, request }: State): DeploymentRecord['rollback'] =>
  rollback === undefined
    ? undefined
    : {
        decided_at: iso(rollback.decidedAt),
        why: rollback.why,
        by: rollback.by,
        mode: request.rollback?.mode ?? 'automatic',
        ...known('weights_restored_ms', rollback.weightsRestoredMs),
        ...known('recorded_ms', rollback.recordedMs),
        ...known('verified', rollback.verified),
        ...known('problem', rollback.problem),
      };

const bakes = (stages: readonly StageRun[], finished: number): number =>
  stages.reduce((a, x) => a + ((x.endedAt ?? finished) - (x.bakeFrom ?? x.endedAt ?? finished)), 0);

const entryOf = (e: Entry): DeploymentRecord['timeline'][number] => ({
  at: iso(e.at),
  phase: e.phase,
  what: e.what,
  ...known('took_ms', e.tookMs),
  ...known('by', e.by),
});
