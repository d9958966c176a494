import { crossHosts } from '../hosts/cross.ts';
import { crossFunctions, noFunctions } from '../lambda/cross.ts';
import { isSecretKey, redactText } from '../../lib/redact.ts';
import type { Path } from '../problems.ts';
import type { App, Service } from '../types.ts';
import { formatCpu, formatMemory } from '../units.ts';
import { patternTakes } from './pattern.ts';
import { FARGATE, fargateCpus, fargateMemories, LIMITS } from './limits.ts';
import type { Written } from './schema.ts';
import { missingSecret } from './tell.ts';
import type { IsWritten, Tell } from './tell.ts';

/** What services must agree on with each other, with the listener, with Fargate and with the secrets. */
export const crossServices = (app: App, written: Written, isWritten: IsWritten, tell: Tell): void => {
  for (const [name, service] of Object.entries(app.services)) {
    if (app.target.kind === 'ecs') {
      crossKind(name, service, isWritten, tell);
      crossSize(name, service, isWritten, tell);
    }
    crossSecrets(app, name, service, isWritten, tell);
  }
  plainSecrets(['everyService', 'environment'], written.everyService.environment, tell);
  for (const [name, { environment }] of Object.entries(written.services)) {
    plainSecrets(['services', name, 'environment'], environment, tell);
  }
  switch (app.target.kind) {
    case 'ecs':
      return crossContainers(app, isWritten, tell);
    case 'lambda':
      return crossFunctions(app, isWritten, tell);
    case 'hosts':
      noFunctions(app, tell);
      return crossHosts(app, app.target, written, isWritten, tell);
    default:
      app.target satisfies never;
  }
};

/** Containers on ECS, behind a listener. */
const crossContainers = (app: App, isWritten: IsWritten, tell: Tell): void => {
  noFunctions(app, tell);
  crossPaths(app, isWritten, tell);
  crossHealth(app, tell);
  crossRules(app, tell);
};

/** Where a path was written: `path`, or a place in `paths`. */
const pathAt = (name: string, index: number, isWritten: IsWritten): Path =>
  isWritten(['services', name, 'path']) ? ['services', name, 'path'] : ['services', name, 'paths', index];

const crossKind = (name: string, service: Service, isWritten: IsWritten, tell: Tell): void => {
  const at = ['services', name];
  const [path, paths] = [
    [...at, 'path'],
    [...at, 'paths'],
  ];
  if (isWritten(path) && isWritten(paths)) {
    tell(path, 'stands beside `paths`', 'either `path` or `paths`', { needs: [path, paths] });
  }
  if (service.kind === 'worker') {
    if (service.paths.length > 0) {
      tell(
        pathAt(name, 0, isWritten).slice(0, 3),
        'a worker answers no requests',
        'no paths, or `kind: web`',
      );
    }
    if (service.priority !== undefined) tell([...at, 'priority'], 'a worker has no listener rule', 'none');
    return;
  }
  if (service.paths.length === 0) {
    tell(
      path,
      'is missing: a web service is reached by its path',
      'a path such as /api/*, or `kind: worker`',
      {
        needs: [path, paths],
      },
    );
  }
  const wildcards = service.paths.join('').replace(/[^*?]/g, '').length;
  if (wildcards > LIMITS.wildcardsPerService) {
    const allowed = `at most ${LIMITS.wildcardsPerService} in all paths of a service`;
    tell(pathAt(name, 0, isWritten).slice(0, 3), 'has more wildcards than a listener rule takes', allowed);
  }
  if (service.port === 0)
    tell([...at, 'port'], 'is missing', 'the TCP port the process listens on, 1 to 65535');
};

const crossSize = (name: string, service: Service, isWritten: IsWritten, tell: Tell): void => {
  const place = (key: string): Path =>
    isWritten(['services', name, key]) || !isWritten(['everyService', key])
      ? ['services', name, key]
      : ['everyService', key];
  const needs = ['cpu', 'memory'].flatMap((key) => [
    ['services', name, key],
    ['everyService', key],
  ]);
  const memories = FARGATE.get(service.cpu);
  if (memories === undefined) {
    tell(place('cpu'), 'is not a size that Fargate has', fargateCpus(), {
      needs,
      got: formatCpu(service.cpu),
    });
  } else if (!memories.includes(service.memory)) {
    const reason = `Fargate has no ${formatMemory(service.memory)} with ${formatCpu(service.cpu)}`;
    tell(place('memory'), reason, fargateMemories(service.cpu), { needs, got: formatMemory(service.memory) });
  }
};

/** Names that speak about a secret without being one: SESSION_COOKIE_NAME, TOKEN_TTL. */
const DESCRIBES =
  /(?:name|ttl|header|domain|path|issuer|audience|algorithm|length|count|limit|expiry|lifetime|enabled)$/i;

const plainSecrets = (at: Path, environment: Readonly<Record<string, string>>, tell: Tell): void => {
  for (const [key, value] of Object.entries(environment)) {
    const path = [...at, key];
    const byName = isSecretKey(key) && !DESCRIBES.test(key) && !/^(?:|true|false|\d+)$/.test(value);
    if (!byName && redactText(value) === value) continue;
    tell(
      path,
      'looks like a secret, and would stand in plain text in the state',
      'name it below `secrets` instead',
      {
        got: '***',
      },
    );
  }
};

const crossSecrets = (app: App, name: string, service: Service, isWritten: IsWritten, tell: Tell): void => {
  const own = ['services', name, 'secrets'];
  for (const secret of service.secrets) {
    missingSecret(app, isWritten(own) ? own : ['everyService', 'secrets'], secret, tell);
    if (Object.hasOwn(service.environment, secret)) {
      tell(
        ['services', name, 'environment'],
        `\`${secret}\` is a setting and a secret at once`,
        'one of both',
        {
          got: `\`${secret}\``,
        },
      );
    }
  }
};

const crossPaths = (app: App, isWritten: IsWritten, tell: Tell): void => {
  const owners = new Map<string, string>();
  const priorities = new Map<number, string>();
  for (const [name, service] of Object.entries(app.services)) {
    for (const [i, path] of service.paths.entries()) {
      const owner = owners.get(path);
      const at = pathAt(name, i, isWritten);
      if (owner === name) tell(at, 'stands there twice', 'each path once');
      else if (owner !== undefined) {
        tell(at, `is the path of service \`${owner}\` already`, 'a path of its own, or one service for both');
      }
      owners.set(path, owner ?? name);
    }
    if (service.priority === undefined) continue;
    const other = priorities.get(service.priority);
    if (other !== undefined) {
      tell(
        ['services', name, 'priority'],
        `is the priority of service \`${other}\` already`,
        'a number of its own',
      );
    }
    priorities.set(service.priority, other ?? name);
  }
};

/** What a pattern takes for certain: all before its first wildcard. */
const literal = (pattern: string): string => {
  const wildcard = pattern.search(/[*?]/);
  return wildcard < 0 ? pattern : pattern.slice(0, wildcard);
};

interface Taker {
  readonly owner: string;
  readonly pattern: string;
}

/** Patterns by what they take for certain, so that a thousand services are not compared each with each. */
const takersByLiteral = (
  web: readonly (readonly [string, Service])[],
): ReadonlyMap<string, readonly Taker[]> =>
  Map.groupBy(
    web.flatMap(([owner, service]) => service.paths.map((pattern) => ({ owner, pattern }))),
    ({ pattern }) => literal(pattern),
  );

/** Who takes a path; the listener asks the more specific pattern first, and one without wildcards before all. */
const takers = (path: string, byLiteral: ReadonlyMap<string, readonly Taker[]>): Taker[] =>
  Array.from({ length: path.length + 1 }, (_, i) => path.slice(0, path.length - i))
    .flatMap((start) => byLiteral.get(start) ?? [])
    .filter(({ pattern }) => patternTakes(pattern, path))
    .sort((a, b) => Number(b.pattern === path) - Number(a.pattern === path));

/** From outside, a service's health must be answered by that service, not by a neighbour with a more specific path. */
const crossHealth = (app: App, tell: Tell): void => {
  const web = Object.entries(app.services).filter(([, s]) => s.kind === 'web' && s.paths.length > 0);
  const planned = web.every(([, s]) => s.priority === undefined);
  const byLiteral = takersByLiteral(web);
  for (const [name, service] of web) {
    const { publicPath } = service.health;
    const at = ['services', name, 'health', 'publicPath'];
    const taking = takers(publicPath, byLiteral);
    const options = {
      needs: ['path', 'paths', 'health'].map((key) => ['services', name, key]),
      got: JSON.stringify(publicPath),
    };
    const own = taking.find(({ owner }) => owner === name);
    const first = taking[0];
    if (own === undefined) {
      tell(
        at,
        'is not below a path of this service',
        `a path that ${service.paths.join(' or ')} takes`,
        options,
      );
    } else if (planned && first !== undefined && literal(first.pattern) !== literal(own.pattern)) {
      const reason = `is answered by service \`${first.owner}\`, whose path ${first.pattern} is more specific`;
      tell(at, reason, 'a path that only this service takes', options);
    }
  }
};

const crossRules = (app: App, tell: Tell): void => {
  const web = Object.values(app.services).filter((s) => s.kind === 'web').length;
  const rules = web * LIMITS.rulesPerService + LIMITS.rulesBeside;
  const { maxRules } = app.loadBalancer;
  if (rules <= maxRules) return;
  tell(
    ['services'],
    `${web} web services need ${rules} listener rules (each one for production and one preview rule per slot; one for the maintenance page), the listener holds ${maxRules}`,
    `at most ${Math.floor((maxRules - LIMITS.rulesBeside) / LIMITS.rulesPerService)}; have AWS raise the quota "Rules per Application Load Balancer" and set loadBalancer.maxRules, give part of the services a second load balancer (an application of its own on another host), or merge paths into fewer services`,
    // Unreadable services only make the number smaller.
    { needs: [['loadBalancer']], got: `${web} web services` },
  );
};
