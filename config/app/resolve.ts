import type { App, Database, ImageSettings, LoadBalancer, Service, SmokeTest } from '../types.ts';
import { resolveHosts } from '../hosts/resolve.ts';
import { resolveFunction } from '../lambda/schema.ts';
import { BLUE_GREEN, DIRECT, fillErrors, fillLatency, FUNCTIONS, STAGED } from './rollout.ts';
import { HOUR, MINUTE } from './fields.ts';
import type { Written } from './schema.ts';

/** Fills in the defaults that depend on other settings. Pure; what is wrong is left to cross.ts. */
export const resolve = (written: Written, stack: string): App => {
  const environment = written.environment ?? stack;
  const rollout = written.rollout ?? (environment === 'production' ? 'staged' : 'direct');
  const staged = rollout === 'staged';
  const services = resolveServices(written);
  const images = resolveImages(written);
  return {
    application: written.application,
    environment,
    rollout,
    target: resolveTarget(written, environment),
    strategy: written.strategy,
    url: written.url,
    repository: written.repository,
    team: { name: written.team.name ?? written.application, onCall: written.team.onCall },
    network: written.network,
    loadBalancer: resolveLoadBalancer(written.loadBalancer),
    cluster: resolveCluster(written.cluster),
    images,
    services,
    secrets: written.secrets,
    database: written.database && resolveDatabase(written.database, environment),
    buckets: {
      ...written.buckets,
      backup: written.buckets.backup,
      record: written.buckets.record,
      lease: written.buckets.lease,
    },
    stages: written.stages ?? stagesOf(written, staged),
    health: written.health,
    gate: resolveGate(written.gate),
    smoke: { ...written.smoke, tests: resolveSmoke(written, services) },
    checks: {
      ...written.checks,
      ...levelOf(written.checks, staged),
      tag: written.checks.tag ?? staged,
      after:
        written.checks.after ??
        (images.artifacts === 'promote' && environment !== 'staging' ? 'staging' : undefined),
    },
    approval: written.approval,
    rollback: written.rollback,
    backups: written.backups,
    timeouts: { ...written.timeouts, deploy: written.timeouts.deploy ?? (staged ? HOUR / 2 : 10 * MINUTE) },
    notifications: written.notifications.map((n) => ({ ...n, channel: n.channel })),
    watch: written.watch,
    maintenance: written.maintenance,
    freeze: written.freeze,
  };
};

const resolveTarget = (written: Written, environment: string): App['target'] => {
  const { application, url, lambda, hosts } = written;
  if (hosts !== undefined) return resolveHosts(hosts, { application, environment, url });
  return lambda === undefined ? { kind: 'ecs' } : { kind: 'lambda', ...lambda };
};

/** The level, and the commands that belong to it. */
const levelOf = (
  { level: wanted, commands }: Written['checks'],
  staged: boolean,
): Pick<App['checks'], 'level' | 'commands'> => {
  const level = wanted ?? (staged ? 'enhanced' : 'quick');
  const belong = Object.entries(commands).filter(([, c]) => c.level === 'quick' || level === 'enhanced');
  return { level, commands: Object.fromEntries(belong.map(([name, c]) => [name, c.run])) };
};

const stagesOf = ({ strategy, lambda }: Written, staged: boolean): App['stages'] => {
  if (!staged || strategy === 'rolling') return DIRECT;
  if (strategy === 'blueGreen') return BLUE_GREEN;
  return lambda === undefined ? STAGED : FUNCTIONS;
};

const resolveCluster = ({ existing, permissionsBoundary }: Written['cluster']): App['cluster'] => ({
  existing,
  ...(permissionsBoundary === undefined ? {} : { permissionsBoundary }),
});

const resolveLoadBalancer = (written: Written['loadBalancer']): LoadBalancer => {
  if (written.kind === 'existing') return written;
  const { certificateArn, zoneId, internal, maxRules, allowedCidrs } = written;
  const inside = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];
  return {
    kind: 'new',
    certificateArn,
    zoneId,
    internal,
    maxRules,
    allowedCidrs: allowedCidrs ?? (internal ? inside : ['0.0.0.0/0']),
  };
};

const resolveImages = ({ images, application, lambda }: Written): ImageSettings => {
  if (lambda !== undefined)
    return {
      repository: `s3://${lambda.artifacts}/{service}`,
      registry: 's3',
      artifacts: images.artifacts,
      build: images.build,
    };
  const repository = images.repository ?? `${application}/{service}`;
  const host = repository.split('/')[0] ?? '';
  const guessed = /^(.*\.)?docker\.io$/.test(host) ? 'dockerhub' : host === 'ghcr.io' ? 'ghcr' : 'ecr';
  return {
    repository,
    registry: images.registry ?? guessed,
    artifacts: images.artifacts,
    build: images.build,
  };
};

type WrittenService = Written['services'][string];

/** The smallest size that serves a small application well; F1 gives staging the same. */
const SIZE = { cpu: 1024, memory: 2048, replicas: 2 };
const FUNCTION_MEMORY = 256;

const resolveServices = ({ services, everyService: every, lambda }: Written): Record<string, Service> => {
  const one = (own: WrittenService): Service => {
    const paths = own.paths ?? (own.path === undefined ? [] : [own.path]);
    return {
      kind: own.kind,
      paths,
      port: own.port ?? 0,
      cpu: own.cpu ?? every.cpu ?? SIZE.cpu,
      memory: own.memory ?? every.memory ?? (lambda === undefined ? SIZE.memory : FUNCTION_MEMORY),
      replicas: own.replicas ?? every.replicas ?? SIZE.replicas,
      critical: own.critical,
      environment: { ...every.environment, ...own.environment },
      secrets: [...new Set([...every.secrets, ...own.secrets])],
      health: {
        path: own.health.path,
        publicPath: own.health.publicPath ?? publicHealthPath(paths[0], own.health.path),
        version: own.health.version,
      },
      priority: own.priority,
      command: own.command,
      ...(own.function === undefined ? {} : { function: resolveFunction(own.function) }),
    };
  };
  return Object.fromEntries(Object.entries(services).map(([name, own]) => [name, one(own)]));
};

/** `/api/*` and `/health` → `/api/health`; a pattern without wildcard is its own health path. */
const publicHealthPath = (pattern: string | undefined, health: string): string => {
  if (pattern === undefined) return health;
  const wildcard = pattern.search(/[*?]/);
  if (wildcard < 0) return pattern;
  return pattern.slice(0, pattern.lastIndexOf('/', wildcard)) + health;
};

const resolveDatabase = (written: NonNullable<Written['database']>, environment: string): Database => ({
  ...written,
  migrations: {
    ...written.migrations,
    directory: written.migrations.directory,
    after: written.migrations.after,
    back: written.migrations.back,
  },
  backup: {
    ...written.backup,
    prefix: written.backup.prefix ?? environment,
    scratchUrl: written.backup.scratchUrl,
  },
});

const resolveGate = (written: Written['gate']): App['gate'] => {
  const errors = fillErrors(written.errors);
  const latency = fillLatency(written.latency);
  const { patience, objectives, ...rest } = written;
  return {
    ...rest,
    ...(patience === undefined ? {} : { patience }),
    ...(objectives === undefined
      ? {}
      : {
          objectives: {
            ...(objectives.errors === undefined ? {} : { errors: objectives.errors }),
            ...(objectives.slow === undefined ? {} : { slow: objectives.slow }),
          },
        }),
    errors,
    latency,
    window: written.window,
    warmup: written.warmup,
    holdback: written.holdback,
    budget: { requests: written.budget.requests, errorMinutes: written.budget.errorMinutes },
    services: Object.fromEntries(
      Object.entries(written.services).map(([name, own]) => [
        name,
        {
          ...(own.mode === undefined ? {} : { mode: own.mode }),
          // What a service leaves out is as it is for all.
          ...(own.errors === undefined ? {} : { errors: fillErrors(own.errors, errors) }),
          ...(own.latency === undefined ? {} : { latency: fillLatency(own.latency, latency) }),
        },
      ]),
    ),
  };
};

const resolveSmoke = (written: Written, services: Readonly<Record<string, Service>>): SmokeTest[] => {
  if (written.smoke.tests)
    return written.smoke.tests.map((t) => ({ ...t, contains: t.contains, body: t.body }));
  return Object.entries(services)
    .filter(([, service]) => service.kind === 'web' && service.paths.length > 0)
    .map(([name, service]) => ({
      name: `${name} answers`,
      method: 'GET',
      path: service.health.publicPath,
      status: [200],
      contains: undefined,
      body: undefined,
      headers: {},
      within: 5000,
      critical: service.critical,
    }));
};
