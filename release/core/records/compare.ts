import type { Release, Slot } from '../../../config/release.types.ts';
import type { DeploymentRecord } from './schema.ts';

/** One thing that differs between two deployments; a side that has none of it is undefined. */
export interface Difference {
  readonly part: 'deployment' | 'images' | 'settings' | 'migrations' | 'duration' | 'traffic' | 'health';
  readonly name: string;
  readonly a: string | undefined;
  readonly b: string | undefined;
}

/** A deployment to compare: its record, and the release that it left, where one was completed. */
export interface Side {
  readonly record: DeploymentRecord;
  readonly release: Release | undefined;
}

type Flat = Readonly<Record<string, string>>;

/** Nested plain data as `path → text`; lists stay whole. */
const flat = (value: unknown, path = ''): Record<string, string> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return value === undefined ? {} : { [path]: typeof value === 'string' ? value : JSON.stringify(value) };
  return Object.assign(
    {},
    ...Object.entries(value).map(([k, v]) => flat(v, path === '' ? k : `${path}.${k}`)),
  ) as Record<string, string>;
};

const slotOf = ({ record, release }: Side): Slot | undefined =>
  Object.values(release?.slots ?? {}).find((s) => s?.deployment === record.deployment_id);

/** The frozen services of the deployment's slot, without images: they are compared by themselves. */
const settingsOf = (side: Side): Flat => {
  const slot = slotOf(side);
  if (slot === undefined) return {};
  const services = Object.fromEntries(
    Object.entries(slot.services).map(([name, { image: _image, ...service }]) => [name, service]),
  );
  return flat(services);
};

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;

const durationsOf = ({ record: r }: Side): Flat => ({
  total: seconds(r.duration_ms.total),
  'without bakes': seconds(r.duration_ms.total - r.duration_ms.bakes),
  ...Object.fromEntries(r.rollout_stages.map((s) => [`stage ${s.stage}`, `${s.duration_minutes} minutes`])),
});

/** Error rate and latency of the new version, by stage and service. */
const trafficOf = ({ record: r }: Side): Flat =>
  Object.fromEntries(
    r.rollout_stages.flatMap((s) =>
      Object.entries(s.totals).flatMap(([service, { fresh }]) => {
        const rate = fresh.requests === 0 ? 0 : (100 * fresh.errors) / fresh.requests;
        return [
          [
            `${s.stage} ${service} errors`,
            `${Number(rate.toFixed(3))} % (${fresh.errors} of ${fresh.requests})`,
          ],
          ...(fresh.p95 === undefined ? [] : [[`${s.stage} ${service} p95`, `${Math.round(fresh.p95)} ms`]]),
        ] as [string, string][];
      }),
    ),
  );

const aboutOf = ({ record: r }: Side): Flat => ({
  version: r.version,
  environment: r.environment,
  kind: r.kind,
  status: r.status,
  commit: r.git_sha,
  by: r.triggered_by,
  ended: r.finished_at,
  ...(r.failure === undefined ? {} : { failure: `${r.failure.stage ?? r.failure.phase}: ${r.failure.why}` }),
});

const migrationsOf = ({ record: r }: Side): Flat => ({
  applied: String(r.migrations_applied),
  pending: r.migrations.pending.join(', ') || 'none',
  destructive: r.migrations.destructive.join(', ') || 'none',
});

const PARTS: Readonly<Record<Difference['part'], (side: Side) => Flat>> = {
  deployment: aboutOf,
  images: ({ record }) => record.images,
  settings: settingsOf,
  migrations: migrationsOf,
  duration: durationsOf,
  traffic: trafficOf,
  health: ({ record }) => record.health_checks,
};

/** What differs between two deployments, part by part; equal things are left out. */
export const compareDeployments = (a: Side, b: Side): readonly Difference[] =>
  (Object.keys(PARTS) as Difference['part'][]).flatMap((part) => {
    const [left, right] = [PARTS[part](a), PARTS[part](b)];
    return [...new Set([...Object.keys(left), ...Object.keys(right)])]
      .filter((name) => left[name] !== right[name])
      .map((name) => ({ part, name, a: left[name], b: right[name] }));
  });
