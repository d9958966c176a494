import { beganAt, liveOf } from '../release.ts';
import type { Release } from '../../../config/release.types.ts';
import type { App } from '../../../config/types.ts';
import type { SmokeCase } from '../engine/types.ts';
import { iso } from './build.ts';
import type { DeploymentRecord } from './schema.ts';
import { recordedSmoke } from '../smoke.ts';

/**
 * What a plain update knows of the deployment that it makes: JSON from the program to the command that writes the record
 * once everything is done. Free of secrets.
 */
export interface DirectFacts {
  readonly application: string;
  readonly environment: string;
  readonly deployment: string;
  readonly version: string;
  /** Service → image by digest. */
  readonly images: Readonly<Record<string, string>>;
  /** Services that were asked whether they are healthy. */
  readonly asked: readonly string[];
  readonly serial: number;
  readonly replaces: number | null;
  /** ms */
  readonly window: number;
  readonly team: string;
  readonly onCall: string;
}

/** Undefined while nobody is served. */
export const directFacts = (app: App, release: Release): DirectFacts | undefined => {
  const slot = liveOf(release);
  if (slot === undefined) return undefined;
  const services = Object.entries(slot.services);
  return {
    application: app.application,
    environment: app.environment,
    deployment: slot.deployment,
    version: slot.version,
    images: Object.fromEntries(services.map(([name, { image }]) => [name, image])),
    asked: services.filter(([, { kind }]) => kind === 'web').map(([name]) => name),
    serial: release.serial,
    replaces: release.replaces,
    window: app.rollback.window,
    team: app.team.name,
    onCall: app.team.onCall,
  };
};

/** What was found beside: left by the other commands of the same update. */
export interface DirectFound {
  /** Undefined: there were none. */
  readonly smoke: readonly SmokeCase[] | undefined;
  readonly migration:
    { readonly applied: readonly string[]; readonly destructive: readonly string[] } | undefined;
  readonly backup: { readonly location: string; readonly timestamp: string } | undefined;
  /** Who ran the update, and where. */
  readonly by: string;
  readonly where: string;
}

const SUFFIX = /-([0-9a-f]+)$/;

/** The record of a deployment by a plain update that was carried out as a whole. `now`: ms since 1970. */
export const directRecord = (facts: DirectFacts, found: DirectFound, now: number): DeploymentRecord => {
  const { application, environment, deployment, version, images } = facts;
  const startedAt = beganAt(deployment);
  const healthy = facts.asked.map((name) => [name.replaceAll('-', '_'), 'healthy'] as const);
  const { migration, backup, smoke } = found;
  return {
    format: 1,
    kind: 'release',
    application,
    timestamp: iso(now),
    started_at: iso(startedAt),
    finished_at: iso(now),
    deployment_id: deployment,
    version,
    environment,
    status: 'success',
    git_sha: SUFFIX.exec(deployment)?.[1] ?? '',
    git_ref: `refs/tags/${version}`,
    triggered_by: found.by,
    services_deployed: Object.keys(images),
    images: { ...images },
    ...(backup === undefined
      ? {}
      : { database_backup: { backup_id: deployment, ...backup, details: { ...backup } } }),
    migrations_applied: migration?.applied.length ?? 0,
    migrations: {
      pending: [...(migration?.applied ?? [])],
      destructive: [...(migration?.destructive ?? [])],
    },
    rollout_stages: [],
    health_checks: {
      ...Object.fromEntries(healthy),
      smoke_tests: smoke === undefined ? 'none' : smoke.every((t) => t.passed) ? 'passed' : 'failed',
    },
    smoke_tests: recordedSmoke(smoke ?? []),
    rollback_available: facts.replaces !== null,
    rollback_window_minutes: facts.window / 60_000,
    rollback_deadline: iso(now + facts.window),
    serial: facts.serial,
    live: { deployment, version },
    ...(facts.replaces === null ? {} : { previous: { serial: facts.replaces } }),
    change: {
      who: found.by,
      what: `release of ${application} to ${version}`,
      where: `${environment}, from ${found.where}`,
      why: 'a plain update',
      risk: 'medium',
      rollback_plan: `sluice rollback --stack ${environment} --reason "…"`,
      team: facts.team,
      on_call: facts.onCall,
    },
    objectives: [],
    baseline_note: 'one update without stages: nothing was compared',
    duration_ms: { total: Math.max(0, now - startedAt), bakes: 0 },
    findings: [],
    timeline: [{ at: iso(now), phase: 'record', what: `one update brought ${version} in` }],
  };
};
