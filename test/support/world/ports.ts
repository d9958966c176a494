import type { SlotName } from '../../../config/types.ts';
import type { LogKind } from '../../../release/core/records/names.ts';
import type { MetricQuery, MetricWindow, Counts } from '../../../release/ports/metrics.ts';
import type { Message } from '../../../release/ports/supply.ts';
import type { ProbeResult, ProbeTarget } from '../../../release/ports/prober.ts';
import type { Ports } from '../../../release/runner/types.ts';
import { digest } from '../releases.ts';
import type { Cloud } from './cloud.ts';
import type { TestClock } from './clock.ts';
import type { MemoryObjects } from './objects.ts';

export interface WorldStores {
  readonly record: MemoryObjects;
  readonly lease: MemoryObjects;
  readonly backup: MemoryObjects;
  readonly local: MemoryObjects;
}

export interface Heard {
  readonly messages: Message[];
  readonly logs: Map<LogKind, string[]>;
  readonly built: Set<string>;
  readonly restored: string[];
  /** Names of migrations, by rollback. */
  readonly undone: (readonly string[])[];
}

const REQUESTS_PER_SECOND = 50;

const slotOf = (group: string): SlotName => (group.endsWith('/blue') ? 'blue' : 'green');

const probeOne = (cloud: Cloud, clock: TestClock, t: ProbeTarget): ProbeResult => {
  const preview = t.headers['x-preview'];
  const slot = preview === undefined ? slotOf(t.targetGroup) : (preview.replace('token-', '') as SlotName);
  const version = cloud.running.get(slot)?.version ?? '';
  const { healthy = true, answers = version } = cloud.behaviour(version);
  const wrong = t.version !== undefined && answers !== t.version;
  return {
    service: t.service,
    at: clock.now(),
    healthy: healthy && !wrong,
    status: healthy ? 200 : 503,
    version: answers,
    latencyMs: 5,
    healthyTargets: healthy ? 2 : 0,
    reason: wrong ? `answers ${answers}, wanted ${t.version}` : healthy ? undefined : 'status 503',
  };
};

const isSilent = (cloud: Cloud, group: string): boolean =>
  cloud.behaviour(cloud.running.get(slotOf(group))?.version ?? '').silent === true;

const countsOf = (cloud: Cloud, group: string | undefined, share: number, seconds: number): Counts => {
  const version = group === undefined ? '' : (cloud.running.get(slotOf(group))?.version ?? '');
  const { errorRate = 0, slowRate = 0.05 } = cloud.behaviour(version);
  const requests = Math.round((REQUESTS_PER_SECOND * seconds * share) / 100);
  return {
    requests,
    errors: Math.round(requests * errorRate),
    slow: Math.round(requests * slowRate),
    p50: 20,
    p95: slowRate > 0.2 ? 900 : 80,
  };
};

/** Closed windows with what the weights of now would have brought. */
const windowsOf = (cloud: Cloud, clock: TestClock, query: MetricQuery): MetricWindow[] => {
  const windows: MetricWindow[] = [];
  const first = Math.ceil(query.since / query.widthMs) * query.widthMs;
  for (let from = first; from + query.widthMs <= clock.now(); from += query.widthMs) {
    for (const [service, q] of Object.entries(query.services)) {
      const weights = cloud.weightsAt(service, from + query.widthMs / 2);
      const seconds = query.widthMs / 1000;
      if ([q.fresh, q.stable].some((g) => g !== undefined && isSilent(cloud, g))) continue;
      const fresh = countsOf(cloud, q.fresh, weights[q.fresh] ?? 0, seconds);
      const stable = countsOf(
        cloud,
        q.stable,
        q.stable === undefined ? 0 : (weights[q.stable] ?? 0),
        seconds,
      );
      windows.push({
        service,
        from,
        to: from + query.widthMs,
        fresh,
        stable,
        seen: { fresh: fresh.requests > 0, stable: stable.requests > 0 },
      });
    }
  }
  return windows;
};

export const worldPorts = (cloud: Cloud, clock: TestClock, stores: WorldStores, heard: Heard): Ports => ({
  stack: {
    up: (release, { signal, onEvent }) => {
      onEvent({ at: clock.now(), kind: 'message', text: 'updating' });
      return cloud.up(release, signal);
    },
    preview: () => Promise.resolve([]),
    outputs: () => Promise.resolve(cloud.outputs),
    previewTokens: () => Promise.resolve({ blue: 'token-blue', green: 'token-green' }),
    history: () => Promise.resolve([]),
  },
  traffic: {
    read: async (rules) => {
      await Promise.resolve();
      return cloud.read(rules);
    },
    write: async (rules) => {
      await clock.sleep(20);
      cloud.write(rules);
    },
  },
  prober: {
    probe: async (targets) => {
      await Promise.resolve();
      const results = targets.map((t) => probeOne(cloud, clock, t));
      const slot = targets[0] === undefined ? undefined : slotOf(targets[0].targetGroup);
      const deployment = slot === undefined ? undefined : cloud.running.get(slot)?.deployment;
      if (deployment !== undefined && results.every((r) => r.healthy)) cloud.passed.add(deployment);
      return results;
    },
    targets: (groups) =>
      Promise.resolve(Object.fromEntries(groups.map((g) => [g, { healthy: 2, total: 2 }]))),
  },
  metrics: {
    windows: async (query) => {
      await Promise.resolve();
      return windowsOf(cloud, clock, query);
    },
    baseline: (groups, lookbackMs, widthMs) =>
      Promise.resolve(
        Object.fromEntries(
          Object.keys(groups).map((service) => [
            service,
            {
              requests: (REQUESTS_PER_SECOND * lookbackMs) / 1000,
              errors: 0,
              seconds: lookbackMs / 1000,
              p50: 20,
              p95: 80,
              p99: 120,
              errorWindows: Array.from({ length: lookbackMs / widthMs }, () => 0),
            },
          ]),
        ),
      ),
  },
  images: {
    find: (repository, tag) =>
      Promise.resolve(heard.built.has(tag) ? `${repository}@${digest(tag.length)}` : undefined),
    build: async (version, _repositories, onLine, signal) => {
      onLine(`building ${version}`);
      await clock.sleep(5000, signal);
      heard.built.add(version);
    },
  },
  secrets: {
    describe: (name) =>
      Promise.resolve(
        name === 'missing'
          ? undefined
          : {
              arn: `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${name}-AbCdEf`,
              version: '11111111-2222-3333-4444-555555555555',
            },
      ),
    read: () => Promise.resolve(''),
  },
  source: {
    tag: (version) => Promise.resolve(version === 'v9.9.9' ? undefined : 'c'.repeat(40)),
    head: () => Promise.resolve({ commit: 'c'.repeat(40), ref: 'refs/heads/main', actor: 'ada' }),
  },
  tasks: {
    run: () => Promise.resolve({ exitCode: 0 }),
    list: () => Promise.resolve(['002_roles.sql']),
  },
  messages: {
    send: (message) => {
      heard.messages.push(message);
      return Promise.resolve([{ to: 'slack', sent: true }]);
    },
  },
  http: () => {
    const release = cloud.outputs?.release;
    const live =
      release === undefined
        ? undefined
        : (['blue', 'green'] as const).find((s) => release.traffic[s] === 100);
    const version = live === undefined ? '' : (cloud.running.get(live)?.version ?? '');
    const status = cloud.behaviour(version).smoke === false ? 500 : 200;
    return Promise.resolve({ ok: true, status, body: '', latencyMs: 5 });
  },
  objects: { record: stores.record, lease: stores.lease, backup: stores.backup },
  local: stores.local,
  logs: {
    append: (kind, line) => heard.logs.set(kind, [...(heard.logs.get(kind) ?? []), line]),
    read: (kind) => Promise.resolve(heard.logs.get(kind)?.join('\n')),
  },
  restore: (deployment) => {
    heard.restored.push(deployment);
    return Promise.resolve({ deployment });
  },
  undo: ({ migrations }) => {
    heard.undone.push(migrations);
    return Promise.resolve({ undone: [...migrations] });
  },
});
