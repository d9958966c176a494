import { z } from 'zod';
import type { GateRecord } from '../gate/replay.ts';

const json: z.ZodType = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(json), z.record(z.string(), json)]),
);
const sum = z.object({
  requests: z.number(),
  errors: z.number(),
  slow: z.number(),
  p50: z.number().optional(),
  p95: z.number().optional(),
});
const totals = z.record(z.string(), z.object({ fresh: sum, stable: sum, last: z.number() }));
const shares = z.record(
  z.string(),
  z.object({ blue: z.number().optional(), green: z.number().optional(), other: z.number().optional() }),
);
const verdict = z.object({
  at: z.string(),
  verdict: z.enum(['pass', 'hold', 'fail']),
  by: z.string(),
  why: z.string(),
  inconclusive: z.boolean(),
  evidence: z.array(json),
});
const stage = z.object({
  stage: z.string(),
  traffic_percentage: z.number(),
  duration_minutes: z.number(),
  planned_minutes: z.number(),
  status: z.enum(['healthy', 'failed', 'aborted', 'running']),
  started_at: z.string(),
  ended_at: z.string().optional(),
  serial: z.number().optional(),
  weights: shares.optional(),
  promoted_by: z.string().optional(),
  verdicts: z.array(verdict),
  totals,
});
const entry = z.object({
  at: z.string(),
  phase: z.string(),
  what: z.string(),
  took_ms: z.number().optional(),
  by: z.string().optional(),
});

const gateOutline = z.object({
  log: z.object({ format: z.literal(1), terms: json, text: z.string(), events: z.number() }),
  verdicts: z.array(json),
});
/** Everything the gate was told, so that its verdicts can be computed again: kept exactly as it is. */
const gateRecord = z.custom<GateRecord>(
  (value) => gateOutline.safeParse(value).success,
  'is no log of the gate',
);

/** Format 1. Times are ISO 8601 in UTC, durations as their names say, shares percent. */
export const recordSchema = z.object({
  format: z.literal(1),
  kind: z.enum(['release', 'rollback']),
  application: z.string(),
  timestamp: z.string(),
  started_at: z.string(),
  finished_at: z.string(),
  deployment_id: z.string(),
  version: z.string(),
  environment: z.string(),
  status: z.enum(['success', 'rolled_back', 'failed']),
  git_sha: z.string(),
  git_ref: z.string(),
  /** When the commit was made; absent where the source does not say. */
  committed_at: z.string().optional(),
  triggered_by: z.string(),
  services_deployed: z.array(z.string()),
  images: z.record(z.string(), z.string()),
  database_backup: z
    .object({ backup_id: z.string(), location: z.string(), timestamp: z.string(), details: json })
    .optional(),
  migrations_applied: z.number(),
  migrations: z.object({
    pending: z.array(z.string()),
    destructive: z.array(z.string()),
    details: json.optional(),
    /** Names of those that a rollback undid, newest first. */
    undone: z.array(z.string()).optional(),
  }),
  rollout_stages: z.array(stage),
  health_checks: z.record(z.string(), z.string()),
  smoke_tests: z.array(
    z.object({
      name: z.string(),
      critical: z.boolean(),
      passed: z.boolean(),
      latency_ms: z.number(),
      why: z.string().optional(),
    }),
  ),
  rollback_available: z.boolean(),
  rollback_window_minutes: z.number(),
  rollback_deadline: z.string(),
  serial: z.number().optional(),
  live: z.object({ deployment: z.string(), version: z.string() }).optional(),
  previous: z.object({ serial: z.number(), version: z.string().optional() }).optional(),
  change: z.object({
    who: z.string(),
    what: z.string(),
    where: z.string(),
    why: z.string(),
    ticket: z.string().optional(),
    risk: z.string(),
    approver: z.string().optional(),
    rollback_plan: z.string(),
    team: z.string(),
    on_call: z.string(),
    link: z.string().optional(),
  }),
  /** When users were kept out; `to` is absent where they still are. */
  maintenance: z.object({ from: z.string(), to: z.string().optional() }).optional(),
  failure: z
    .object({
      phase: z.string(),
      stage: z.string().optional(),
      at: z.string(),
      why: z.string(),
      by: z.string(),
      details: z.array(z.string()),
    })
    .optional(),
  rollback: z
    .object({
      decided_at: z.string(),
      why: z.string(),
      by: z.string(),
      mode: z.string(),
      weights_restored_ms: z.number().optional(),
      recorded_ms: z.number().optional(),
      verified: z.boolean().optional(),
      problem: z.string().optional(),
    })
    .optional(),
  gate: gateRecord.optional(),
  objectives: z.array(
    z.object({ name: z.string(), target: z.string(), observed: z.string(), met: z.boolean().nullable() }),
  ),
  baseline_note: z.string(),
  duration_ms: z.object({ total: z.number(), bakes: z.number() }),
  findings: z.array(z.object({ check: z.string(), level: z.string(), message: z.string() })),
  /** Who was told, and who could not be; absent in records from before messages were recorded. */
  messages: z
    .array(z.object({ to: z.string(), sent: z.boolean(), reason: z.string().optional() }))
    .optional(),
  timeline: z.array(entry),
});

export type DeploymentRecord = z.infer<typeof recordSchema>;
