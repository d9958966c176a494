import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { messageOf } from '../../../lib/errors.ts';

/** What docker would print and end with 1 for. */
export class DockerError extends Error {
  override readonly name = 'DockerError';
}

export interface HealthCheck {
  readonly test: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly startPeriodMs: number;
}

/** What of a service in a compose file matters here. */
export interface ContainerSpec {
  readonly project: string;
  readonly service: string;
  readonly image: string;
  readonly command: readonly string[] | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly health: HealthCheck | undefined;
  /** Port of the host → port inside. */
  readonly ports: ReadonlyMap<number, number>;
  /** Ports inside that others may call, published or exposed. */
  readonly exposed: readonly number[];
  readonly needs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly graceMs: number;
  /** Without one of these it is left out; empty: never. */
  readonly profiles: readonly string[];
  /** Text by which a change is noticed. */
  readonly hash: string;
}

export interface ComposeProject {
  readonly name: string;
  readonly services: readonly ContainerSpec[];
  /** The file with its variables filled in, for `config`. */
  readonly filled: unknown;
}

/** `${NAME}`, `${NAME:-default}`, `${NAME:?reason}` and `$$`. */
const fill = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(
    /\$(?:\$|\{(\w+)(?::([-?])([^}]*))?\}|(\w+))/g,
    (whole, braced?: string, kind?: string, rest?: string, plain?: string) => {
      if (whole === '$$') return '$';
      const name = braced ?? plain ?? '';
      const value = values[name];
      if (value !== undefined && (value !== '' || kind === undefined)) return value;
      if (kind === '-') return rest ?? '';
      if (kind === '?')
        throw new DockerError(
          `error while interpolating: required variable ${name} is missing a value: ${rest ?? ''}`,
        );
      return '';
    },
  );

/** `NAME=value` lines as docker compose reads them. */
export const parseEnvFile = (text: string): Record<string, string> => {
  const values: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*)$/.exec(line);
    if (match === null) continue;
    const [, name = '', raw = ''] = match;
    const quoted = /^'(.*)'\s*$/.exec(raw)?.[1];
    const doubled = /^"(.*)"\s*$/.exec(raw)?.[1];
    // Variables are filled in everywhere but in single quotes; a dollar behind a backslash is one.
    values[name] =
      quoted ??
      (doubled === undefined
        ? fill(raw.replace(/\s+#.*$/, '').trim(), values)
        : doubled
            .split(/(\\["\\$])/)
            .map((part, n) => (n % 2 === 1 ? part.slice(1) : fill(part, values)))
            .join(''));
  }
  return values;
};

const filled = (value: unknown, values: Readonly<Record<string, string>>): unknown => {
  if (typeof value === 'string') return fill(value, values);
  if (Array.isArray(value)) return value.map((v) => filled(v, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, filled(v, values)]));
};

const duration = (text: unknown, otherwise: number): number => {
  const match = /^(\d+)(ms|s|m)$/.exec(String(text));
  if (match === null) return otherwise;
  const [, count = '0', unit = 's'] = match;
  return Number(count) * ({ ms: 1, s: 1_000, m: 60_000 }[unit] ?? 1);
};

type Tree = Readonly<Record<string, unknown>>;
const tree = (value: unknown): Tree => (typeof value === 'object' && value !== null ? (value as Tree) : {});
const words = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const texts = (value: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(tree(value)).map(([k, v]) => [k, String(v)]));

const healthOf = (value: unknown): HealthCheck | undefined => {
  if (value === undefined) return undefined;
  const health = tree(value);
  const [kind, ...test] = words(health['test']);
  if (kind === 'NONE') return undefined;
  return {
    test: test.join(' '),
    intervalMs: duration(health['interval'], 30_000),
    timeoutMs: duration(health['timeout'], 30_000),
    retries: Number(health['retries'] ?? 3),
    startPeriodMs: duration(health['start_period'], 0),
  };
};

const portsOf = (value: unknown): Map<number, number> =>
  new Map(
    words(value).map((port): [number, number] => {
      const parts = port.split(':');
      return [Number(parts.at(-2)), Number(parts.at(-1))];
    }),
  );

const specOf = (project: string, name: string, value: unknown): ContainerSpec => {
  const service = tree(value);
  const ports = portsOf(service['ports']);
  const { image } = service;
  if (typeof image !== 'string')
    throw new DockerError(`service "${name}" has neither an image nor a build context specified`);
  return {
    project,
    service: name,
    image,
    command: service['command'] === undefined ? undefined : words(service['command']),
    environment: texts(service['environment']),
    health: healthOf(service['healthcheck']),
    ports,
    exposed: [...new Set([...ports.values(), ...words(service['expose']).map(Number)])],
    needs: Object.fromEntries(
      Object.entries(tree(service['depends_on'])).map(([k, v]) => [k, String(tree(v)['condition'])]),
    ),
    labels: texts(service['labels']),
    graceMs: duration(service['stop_grace_period'], 10_000),
    profiles: words(service['profiles']),
    hash: JSON.stringify(service),
  };
};

const checkNames = (services: readonly ContainerSpec[], file: Tree): void => {
  const names = services.map((s) => s.service);
  const networks = Object.keys(tree(file['networks']));
  const volumes = Object.keys(tree(file['volumes']));
  for (const { service, needs } of services) {
    const written = tree(tree(file['services'])[service]);
    const missing = (what: string, list: readonly string[], all: readonly string[]): void => {
      for (const n of list)
        if (!all.includes(n))
          throw new DockerError(
            `service "${service}" refers to undefined ${what} ${n}: invalid compose project`,
          );
    };
    missing('network', words(written['networks']), networks);
    missing(
      'volume',
      words(written['volumes'])
        .map((v) => v.split(':')[0] ?? '')
        .filter((v) => !/^[./]/.test(v)),
      volumes,
    );
    missing('service', Object.keys(needs), names);
  }
};

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new DockerError(`open ${path}: ${messageOf(error)}`);
  }
};

/** Reads a compose file with its env files, as `docker compose config` would. */
export const readCompose = (file: string, envFiles: readonly string[]): ComposeProject => {
  const values = Object.assign({}, ...envFiles.map((path) => parseEnvFile(readText(path)))) as Record<
    string,
    string
  >;
  let parsed: unknown;
  try {
    parsed = parse(readText(file));
  } catch (error) {
    throw error instanceof DockerError ? error : new DockerError(`yaml: ${messageOf(error)}`);
  }
  const whole = tree(filled(parsed, values));
  const name = typeof whole['name'] === 'string' ? whole['name'] : 'default';
  const services = Object.entries(tree(whole['services'])).map(([n, s]) => specOf(name, n, s));
  if (services.length === 0) throw new DockerError('no service selected');
  checkNames(services, whole);
  return { name, services, filled: whole };
};
