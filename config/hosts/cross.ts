import { nearest } from '../../lib/nearest.ts';
import type { IsWritten, Tell } from '../app/tell.ts';
import type { Path } from '../problems.ts';
import type { Written } from '../app/schema.ts';
import type { App } from '../types.ts';
import type { Container, HostsTarget } from './types.ts';

/** What the containers of a release must agree on with each other and with the machine. */
export const crossHosts = (
  app: App,
  target: HostsTarget,
  written: Written,
  isWritten: IsWritten,
  tell: Tell,
): void => {
  if (written.lambda !== undefined)
    tell(['lambda'], 'stands beside `hosts`', 'one of both: a release runs in one place');
  if (app.database !== undefined)
    tell(
      ['database'],
      'is one of AWS; on hosts it is a container like the others',
      'its image in hosts.services, its migrations in hosts.afterStart',
    );
  for (const name of Object.keys(app.services))
    if (app.services[name]?.secrets.length !== 0)
      tell(
        ['services', name, 'secrets'],
        'come from AWS, and a host has none',
        `{secret: …} in hosts.settings: its value stands in ${target.envFile} on the host`,
      );
  for (const [name, container] of Object.entries(target.services))
    crossContainer(app, target, name, container, isWritten, tell);
  for (const [i, { service }] of target.afterStart.entries())
    known(['hosts', 'afterStart', i, 'service'], 'service', [service], allServices(app, target), tell);
  crossCircles(target, tell);
  crossPorts(target, tell);
  crossSettings(target, tell);
  crossSlots(app, target, tell);
};

const allServices = (app: App, target: HostsTarget): string[] => [
  ...new Set([...Object.keys(app.services), ...Object.keys(target.services)]),
];

/** ``there is no volume `statc`; did you mean `static`?`` */
const known = (
  path: Path,
  what: string,
  names: readonly string[],
  all: readonly string[],
  tell: Tell,
): void => {
  for (const name of names.filter((n) => !all.includes(n))) {
    const meant = nearest(name, all);
    const hint = meant === undefined ? '' : `; did you mean \`${meant}\`?`;
    tell(path, `there is no ${what} \`${name}\`${hint}`, all.length === 0 ? 'none is there' : all.join(', '));
  }
};

const crossContainer = (
  app: App,
  target: HostsTarget,
  name: string,
  container: Container,
  isWritten: IsWritten,
  tell: Tell,
): void => {
  const at = (key: string): Path => ['hosts', 'services', name, key];
  const released = app.services[name];
  if (released !== undefined && container.image !== undefined)
    tell(
      at('image'),
      'stands there although each release names this service’s image',
      'nothing; leave it out',
    );
  if (released === undefined && container.image === undefined)
    tell(at('image'), 'is missing: it is no service of sluice:app.services', 'name@sha256:<64 hex>');
  for (const key of ['cpu', 'memory', 'port', 'command'])
    if (released !== undefined && isWritten(at(key)))
      tell(at(key), 'is frozen with the release', `services.${name}.${key}`);
  const groups = target.settings.map((g) => g.name);
  known(at('settings'), 'group', container.settings, groups, tell);
  known(at('networks'), 'network', container.networks, Object.keys(target.networks), tell);
  const named = Object.keys(container.volumes).filter((v) => !v.startsWith('./'));
  known(at('volumes'), 'volume', named, target.volumes, tell);
  const files = Object.keys(target.files).map((f) => `./${f}`);
  const mounted = Object.keys(container.volumes).filter((v) => v.startsWith('./'));
  known(at('volumes'), 'file', mounted, files, tell);
  known(at('needs'), 'service', container.needs, allServices(app, target), tell);
  const port = released?.port ?? container.port;
  if (port === undefined && (container.publish !== undefined || asksByHttp(container)))
    tell(at('port'), 'is missing: it is asked or published', 'the port that the process listens on');
};

const asksByHttp = ({ health }: Container): boolean => health !== undefined && 'http' in health.test;

/** Services that wait for each other would never start. */
const crossCircles = (target: HostsTarget, tell: Tell): void => {
  const done = new Set<string>();
  const walk = (name: string, above: readonly string[]): string[] | undefined => {
    if (above.includes(name)) return [...above.slice(above.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const next of target.services[name]?.needs ?? []) {
      const circle = walk(next, [...above, name]);
      if (circle !== undefined) return circle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of Object.keys(target.services)) {
    const circle = walk(name, []);
    if (circle === undefined) continue;
    return tell(
      ['hosts', 'services', name, 'needs'],
      `services wait for each other: ${circle.join(' → ')}`,
      'services that do not need this one',
    );
  }
};

const crossPorts = ({ services }: HostsTarget, tell: Tell): void => {
  const taken = new Map<number, string>();
  for (const [name, { publish, publishGreen }] of Object.entries(services))
    for (const [key, port] of Object.entries({ publish, publishGreen })) {
      if (port === undefined) continue;
      const other = taken.get(port);
      if (other !== undefined)
        tell(
          ['hosts', 'services', name, key],
          `port ${port} of the host is taken by ${other}`,
          'a port of its own',
        );
      taken.set(port, `${name}.${key}`);
    }
};

const crossSettings = ({ settings }: HostsTarget, tell: Tell): void => {
  const names = settings.flatMap((g) => Object.keys(g.values));
  for (const name of new Set(names.filter((n, i) => names.indexOf(n) !== i)))
    tell(['hosts', 'settings'], `${name} stands in two groups`, 'each name once');
};

/** Two versions at once need a proxy that shares the traffic out, and two ports for every service. */
const crossSlots = (app: App, target: HostsTarget, tell: Tell): void => {
  if (app.strategy === 'rolling') return;
  if (target.proxy === undefined)
    tell(
      ['hosts', 'proxy'],
      'is missing: with two slots the host’s own proxy shares the traffic out',
      '{listen: 8080}; or strategy: rolling, which replaces in place',
    );
  for (const [name, { publish, publishGreen }] of Object.entries(target.services))
    if (app.services[name] !== undefined && publish !== undefined && publishGreen === undefined)
      tell(
        ['hosts', 'services', name, 'publishGreen'],
        'is missing: both slots run at once, each behind a port of its own',
        'another port of the host',
      );
};
