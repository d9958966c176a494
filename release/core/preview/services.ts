import { formatCpu, formatMemory } from '../../../config/units.ts';
import { HIDDEN, isSecretKey, redactText } from '../../../lib/redact.ts';
import type { FrozenService, Slot } from '../../../config/release.types.ts';
import { changedServices } from '../release.ts';
import type { FieldChange, ServiceChange } from './types.ts';

const LONGEST = 80;

const short = (text: string): string => {
  const line = redactText(text).replaceAll(/\s+/g, ' ');
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
};

/** A digest is told by its first twelve digits; one of zeros is an image that is still to be built. */
const image = (reference: string | undefined, name: boolean): string | undefined => {
  if (reference === undefined) return undefined;
  const [repository = '', digest] = reference.split('@sha256:');
  if (digest === undefined) return short(reference);
  const told = /^0+$/.test(digest) ? 'not built yet' : digest.slice(0, 12);
  return name ? `${short(repository)} ${told}` : told;
};

/** The repository is named only where it changes. */
const images = (a: FrozenService | undefined, b: FrozenService | undefined): FieldChange[] => {
  const repository = (s: FrozenService | undefined) => s?.image.split('@')[0];
  const name = repository(a) !== repository(b);
  const [from, to] = [image(a?.image, name), image(b?.image, name)];
  return a?.image === b?.image ? [] : [{ what: 'image', path: 'image', from, to }];
};

type Texts = Readonly<Record<string, string | undefined>>;

/** Size and replicas, in the units that people write. */
const size = (s: FrozenService | undefined): Texts =>
  s === undefined
    ? {}
    : { cpu: formatCpu(s.cpu), memory: formatMemory(s.memory), replicas: String(s.replicas) };

const plain = (value: unknown): string | undefined =>
  value === undefined ? undefined : typeof value === 'string' ? value : JSON.stringify(value);

const settings = (s: FrozenService | undefined): Texts => {
  if (s === undefined) return {};
  const { kind, port, paths, priority, critical, health, command } = s;
  return {
    kind,
    port: String(port),
    paths: paths.join(', '),
    priority: plain(priority),
    critical: String(critical),
    'health.path': health.path,
    'health.publicPath': health.publicPath,
    'health.version': String(health.version),
    command: plain(command),
    ...Object.fromEntries(Object.entries(s.environment).map(([k, v]) => [`environment.${k}`, v])),
    // References are no secrets, but nobody reads them: which version is enough.
    ...Object.fromEntries(
      Object.entries(s.secrets).map(([k, r]) => [
        `secrets.${k}`,
        `${r.arn.split(':').at(-1) ?? r.arn} version ${r.version.slice(0, 8)}`,
      ]),
    ),
  };
};

/** Values of environment variables are shown only where their name does not say that they are secret. */
const shown = (path: string, text: string): string =>
  path.startsWith('environment.') && isSecretKey(path.slice('environment.'.length)) ? HIDDEN : short(text);

const differing = (what: FieldChange['what'], a: Texts, b: Texts): FieldChange[] =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((path) => a[path] !== b[path])
    .map((path) => {
      const [from, to] = [a[path], b[path]];
      return {
        what,
        path,
        from: from === undefined ? undefined : shown(path, from),
        to: to === undefined ? undefined : shown(path, to),
      };
    });

const fieldsOf = (a: FrozenService | undefined, b: FrozenService | undefined): FieldChange[] => [
  ...images(a, b),
  ...(a === undefined || b === undefined ? [] : differing('settings', settings(a), settings(b))),
  ...differing('size', size(a), size(b)),
];

/** Which services differ between two slots, and how: image, settings, size. */
export const serviceChanges = (from: Slot | undefined, to: Slot | undefined): ServiceChange[] =>
  changedServices(from, to).map((service) => {
    const [a, b] = [from?.services[service], to?.services[service]];
    return {
      service,
      kind: a === undefined ? 'added' : b === undefined ? 'removed' : 'changed',
      fields: b === undefined ? [] : fieldsOf(a, b),
    };
  });
