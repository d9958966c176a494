import { z } from 'zod';
import type { DeploymentRecord } from './schema.ts';

/**
 * Format 0: records as the source documents show them, written by the pipelines that came before. They carry no
 * `format`. They are read as they are and never rewritten; what they do not say stays empty here.
 */

const count = z.union([z.number(), z.string().transform(Number)]).catch(0);

const older = z.object({
  timestamp: z.iso.datetime({ offset: true }),
  deployment_id: z.string().min(1),
  version: z.string().optional(),
  environment: z.string(),
  status: z.enum(['success', 'rolled_back', 'failed']),
  git_sha: z.string(),
  git_ref: z.string(),
  triggered_by: z.string().optional(),
  services_deployed: z.array(z.string()),
  database_backup: z
    .object({ backup_id: z.string(), location: z.string(), timestamp: z.string() })
    .optional(),
  migrations_applied: count.optional(),
  rollout_stages: z
    .array(
      z.object({
        stage: z.string(),
        traffic_percentage: count,
        duration_minutes: count,
        status: z.string(),
      }),
    )
    .optional(),
  health_checks: z.record(z.string(), z.string()),
  rollback_available: z.boolean(),
  rollback_window_minutes: count.optional(),
  rollback_deadline: z.string().optional(),
});

type Older = z.infer<typeof older>;

const MINUTE = 60_000;
const DEFAULT_WINDOW = 60;
const unsaid = 'not said by a record of this format';

const stagesOf = (r: Older): DeploymentRecord['rollout_stages'] =>
  (r.rollout_stages ?? []).map((s) => ({
    stage: s.stage,
    traffic_percentage: s.traffic_percentage,
    duration_minutes: s.duration_minutes,
    planned_minutes: s.duration_minutes,
    status: s.status === 'healthy' ? 'healthy' : 'failed',
    started_at: r.timestamp,
    verdicts: [],
    totals: {},
  }));

/** Reads a record of the documents' shape. Throws a Zod error where it is none. */
export const readOlder = (value: unknown): DeploymentRecord => {
  const r = older.parse(value);
  const version = r.version ?? /^refs\/tags\/(.+)$/.exec(r.git_ref)?.[1] ?? r.git_sha.slice(0, 12);
  const window = r.rollback_window_minutes ?? DEFAULT_WINDOW;
  const bakes = (r.rollout_stages ?? []).reduce((sum, s) => sum + s.duration_minutes * MINUTE, 0);
  const by = r.triggered_by ?? 'unknown';
  return {
    format: 1,
    kind: 'release',
    application: 'unknown',
    timestamp: r.timestamp,
    started_at: r.timestamp,
    finished_at: r.timestamp,
    deployment_id: r.deployment_id,
    version,
    environment: r.environment,
    status: r.status,
    git_sha: r.git_sha,
    git_ref: r.git_ref,
    triggered_by: by,
    services_deployed: r.services_deployed,
    images: {},
    ...(r.database_backup === undefined ? {} : { database_backup: { ...r.database_backup, details: {} } }),
    migrations_applied: r.migrations_applied ?? 0,
    migrations: { pending: [], destructive: [] },
    rollout_stages: stagesOf(r),
    health_checks: r.health_checks,
    smoke_tests: [],
    rollback_available: r.rollback_available,
    rollback_window_minutes: window,
    rollback_deadline:
      r.rollback_deadline ?? new Date(Date.parse(r.timestamp) + window * MINUTE).toISOString(),
    change: {
      who: by,
      what: `release of ${version}`,
      where: r.environment,
      why: unsaid,
      risk: 'unknown',
      rollback_plan: unsaid,
      team: 'unknown',
      on_call: 'unknown',
    },
    objectives: [],
    baseline_note: unsaid,
    duration_ms: { total: bakes, bakes },
    findings: [],
    timeline: [],
  };
};
