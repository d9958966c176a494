import { Document } from 'yaml';
import type { FrozenService, Slot } from '../release.types.ts';
import type { Container, ContainerHealth, HostsApp, SettingGroup } from './types.ts';

/** Which part of the application a file is for; see `composeFile`. */
export type ComposePart = 'all' | 'shared' | 'blue' | 'green';

const seconds = (ms: number): string => (ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`);

/** `$` begins a variable in a compose file, and `$$` is a dollar. */
const literal = (text: string): string => text.replaceAll('$', '$$$$');

/** Name of the compose project: what its containers, networks and volumes are called after. */
export const projectName = (app: HostsApp, part: ComposePart = 'all'): string => {
  const base = `${app.application}-${app.environment}`;
  return part === 'blue' || part === 'green' ? `${base}-${part}` : base;
};

/** Containers of a slot that start when users come to it: workers and schedulers must not run twice. */
export const SERVING = 'serving';

/** A container as a file describes it: what the release froze, or what is pinned. */
interface Running {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[] | undefined;
  readonly cpu: number;
  readonly memory: number;
  readonly port: number | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** Undefined for what is pinned. */
  readonly version: string | undefined;
  readonly container: Container;
  readonly health: ContainerHealth | undefined;
  readonly kind: 'web' | 'worker' | 'pinned';
}

/** What a service of `sluice:app.services` is without a word about it in `hosts.services`. */
const PLAIN: Container = {
  image: undefined,
  command: undefined,
  cpu: 512,
  memory: 512,
  port: undefined,
  settings: [],
  environment: {},
  health: undefined,
  volumes: {},
  networks: [],
  needs: [],
  labels: {},
  publish: undefined,
  publishGreen: undefined,
  grace: 30_000,
  capabilities: [],
};

const releasedContainer = (app: HostsApp, name: string, frozen: FrozenService, version: string): Running => {
  const container = app.target.services[name] ?? {
    ...PLAIN,
    networks: Object.keys(app.target.networks).slice(0, 1),
  };
  const asked: ContainerHealth = {
    test: { http: frozen.health.path },
    interval: 5_000,
    timeout: 5_000,
    retries: 15,
    startPeriod: 10_000,
  };
  return {
    name,
    image: frozen.image,
    command: frozen.command,
    cpu: frozen.cpu,
    memory: frozen.memory,
    port: frozen.port === 0 ? undefined : frozen.port,
    environment: { SLUICE_VERSION: version, ...container.environment, ...frozen.environment },
    version,
    container,
    health: container.health ?? (frozen.kind === 'web' ? asked : undefined),
    kind: frozen.kind,
  };
};

const pinnedContainer = (name: string, container: Container, image: string): Running => {
  const { command, cpu, memory, port, environment, health } = container;
  return {
    name,
    image,
    command,
    cpu,
    memory,
    port,
    environment,
    version: undefined,
    container,
    health,
    kind: 'pinned',
  };
};

/** The containers of one file. With two slots, what is pinned runs once and is shared by both. */
const runningIn = (app: HostsApp, slot: Slot, part: ComposePart): Running[] => [
  ...(part === 'shared'
    ? []
    : Object.entries(slot.services).map(([name, s]) => releasedContainer(app, name, s, slot.version))),
  ...(part === 'blue' || part === 'green'
    ? []
    : Object.entries(app.target.services).flatMap(([name, c]) =>
        c.image === undefined ? [] : [pinnedContainer(name, c, c.image)],
      )),
];

const healthcheckOf = ({ health, port }: Running) => {
  if (health === undefined) return {};
  const { test, interval, timeout, retries, startPeriod } = health;
  const address = `http://127.0.0.1:${String(port)}`;
  // Images carry one or the other.
  const command =
    'http' in test
      ? `curl -fsS -o /dev/null ${address}${test.http} || wget -q -O /dev/null ${address}${test.http}`
      : test.command;
  return {
    healthcheck: {
      test: ['CMD-SHELL', literal(command)],
      interval: seconds(interval),
      timeout: seconds(timeout),
      retries,
      start_period: seconds(startPeriod),
    },
  };
};

/** `NAME: ${NAME}`: the values stand in the release's settings file and in the host's secrets file. */
const environmentOf = ({ target }: HostsApp, { container, environment }: Running) => {
  const groups = target.settings.filter((g) => container.settings.includes(g.name));
  const named = groups
    .flatMap((g) => Object.entries(g.values))
    .map(([name, value]) => [
      name,
      // A secret without a value stops the deployment before anything else is stopped.
      value.kind === 'secret' ? `\${${name}:?is not in ${target.envFile}}` : `\${${name}}`,
    ]);
  const own = Object.entries(environment).map(([name, value]) => [name, literal(value)]);
  return named.length + own.length === 0 ? {} : { environment: Object.fromEntries([...named, ...own]) };
};

const dependsOf = ({ container }: Running, here: readonly Running[]) => {
  const needs = here.filter(({ name }) => container.needs.includes(name));
  if (needs.length === 0) return {};
  const condition = ({ health }: Running): string =>
    health === undefined ? 'service_started' : 'service_healthy';
  return { depends_on: Object.fromEntries(needs.map((n) => [n.name, { condition: condition(n) }])) };
};

const portsOf = ({ container, port }: Running, part: ComposePart) => {
  const publish = part === 'green' ? container.publishGreen : container.publish;
  // Only the host itself reaches a published port: its proxy is what faces the network.
  return publish === undefined ? {} : { ports: [`127.0.0.1:${publish}:${String(port)}`] };
};

const volumesOf = ({ container }: Running) => {
  const volumes = Object.entries(container.volumes).map(([from, to]) =>
    from.startsWith('./') ? `${from}:${to}:ro` : `${from}:${to}`,
  );
  return volumes.length === 0 ? {} : { volumes };
};

const serviceOf = (app: HostsApp, running: Running, part: ComposePart, here: readonly Running[]) => {
  const { name, image, command, cpu, memory, version, container, kind } = running;
  const labels = Object.entries(container.labels).map(([k, v]) => [k, literal(v)]);
  return {
    image,
    ...(command === undefined ? {} : { command: command.map(literal) }),
    ...(kind === 'worker' && (part === 'blue' || part === 'green') ? { profiles: [SERVING] } : {}),
    restart: 'unless-stopped',
    init: true,
    stop_grace_period: seconds(container.grace),
    ...environmentOf(app, running),
    ...healthcheckOf(running),
    ...dependsOf(running, here),
    ...(running.port === undefined ? {} : { expose: [String(running.port)] }),
    ...portsOf(running, part),
    networks: [...container.networks],
    ...volumesOf(running),
    security_opt: ['no-new-privileges:true'],
    cap_drop: ['ALL'],
    ...(container.capabilities.length === 0 ? {} : { cap_add: [...container.capabilities] }),
    deploy: { resources: { limits: { cpus: (cpu / 1024).toFixed(2), memory: `${memory}M` } } },
    labels: {
      'sluice.application': app.application,
      'sluice.environment': app.environment,
      'sluice.service': name,
      ...(version === undefined ? {} : { 'sluice.version': version }),
      ...Object.fromEntries(labels),
    },
    logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
  };
};

/** Names of a file's services that always run, in the order of the file. */
export const servicesOf = (app: HostsApp, slot: Slot, part: ComposePart): string[] =>
  runningIn(app, slot, part)
    .filter(({ kind }) => kind !== 'worker' || part === 'all')
    .map(({ name }) => name);

/** Whether anything runs beside both slots: a compose file without services is none. */
export const hasShared = ({ target }: HostsApp): boolean =>
  Object.values(target.services).some(({ image }) => image !== undefined);

/**
 * The compose file of a slot: a pure function of configuration and release. In place it holds everything (`all`); with
 * two slots one file holds what both share, and one each slot, which joins the shared networks and volumes.
 */
export const composeFile = (app: HostsApp, slot: Slot, part: ComposePart = 'all'): string => {
  const here = runningIn(app, slot, part);
  const slotted = part === 'blue' || part === 'green';
  // Where nothing is shared nobody has made networks and volumes before: a slot has networks of its own.
  const joins = slotted && hasShared(app);
  const shared = projectName(app);
  const { networks, volumes } = app.target;
  const document = new Document({
    name: projectName(app, part),
    services: Object.fromEntries(here.map((running) => [running.name, serviceOf(app, running, part, here)])),
    networks: Object.fromEntries(
      Object.entries(networks).map(([name, { internal }]) => [
        name,
        joins ? { name: `${shared}_${name}`, external: true } : internal ? { internal } : {},
      ]),
    ),
    ...(volumes.length === 0
      ? {}
      : {
          volumes: Object.fromEntries(
            volumes.map((v) => [
              v,
              joins ? { name: `${shared}_${v}`, external: true } : slotted ? { name: `${shared}_${v}` } : {},
            ]),
          ),
        }),
  });
  document.commentBefore = ` ${app.application} ${slot.version} in ${app.environment}. Rendered by sluice: do not edit.`;
  return document.toString({ lineWidth: 0 });
};

/** Secret settings: name → what it is. */
export const secretsOf = (app: HostsApp): Record<string, string> =>
  Object.fromEntries(
    app.target.settings.flatMap((g) =>
      Object.entries(g.values).flatMap(([name, v]) => (v.kind === 'secret' ? [[name, v.note]] : [])),
    ),
  );

/** One line of an env file; compose takes single quotes literally. */
const line = (name: string, value: string): string => {
  if (/^[A-Za-z0-9_./:@%+,=-]*$/.test(value)) return `${name}=${value}`;
  if (!value.includes("'")) return `${name}='${value}'`;
  return `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('$', '\\$')}"`;
};

const plainLines = ({ values }: SettingGroup): string[] =>
  Object.entries(values).flatMap(([name, v]) => (v.kind === 'plain' ? [line(name, v.value)] : []));

/** The plain settings of a release, frozen beside its compose file. */
export const settingsFile = (app: HostsApp): string =>
  `${app.target.settings.flatMap((group) => plainLines(group)).join('\n')}\n`;

/** The example that people copy to `.env.<environment>` on the host: every setting, in groups, secrets without values. */
export const envExample = (app: HostsApp): string => {
  const groups = app.target.settings.map(({ name, values }) => {
    const lines = Object.entries(values).flatMap(([key, v]) =>
      v.kind === 'secret' ? [`# ${v.note}`, `${key}=`] : [`# set by the release: ${line(key, v.value)}`],
    );
    return [`# --- ${name} ---`, ...lines].join('\n');
  });
  const head = [
    `# ${app.application}, ${app.environment}: copy to ${app.target.path}/${app.target.envFile} on each host (mode 600) and fill in`,
    '# what is empty; a value with a $ in it in single quotes. Settings that are no secrets come with each release from the stack’s configuration.',
  ];
  return `${[head.join('\n'), ...groups].join('\n\n')}\n`;
};
