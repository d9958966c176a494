import type { UpdateEvent } from '../../release/ports/stack.ts';
import type { StateResource } from './updaters.ts';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Pulumi's mark of a secret: in state it stands around a sealed value, in the embedded engine around the value. */
const MARK = '4dabf18193072939515e22adb298388d';

/** Ids, addresses and digests are another in each cloud; their places are not. */
const RANDOM = [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, /[0-9a-f]{5,}/gi];
const leaf = (value: unknown): unknown => {
  if (typeof value === 'number') return value > 1e9 ? '#' : value;
  return typeof value === 'string'
    ? RANDOM.reduce((text, shape) => text.replaceAll(shape, '#'), value)
    : value;
};
/** Object versions of S3 look like anything. */
const isRandom = (key: string): boolean => key === 'versionId';

/** A value with secrets by their place, random parts left out. */
export const comparable = (value: unknown): unknown => {
  if (isRecord(value)) {
    if (MARK in value) return '[secret]';
    const entries = Object.entries(value).filter(([key, v]) => v !== undefined && !key.startsWith('__'));
    return Object.fromEntries(
      entries
        .map(([key, v]) => [key, isRandom(key) ? '#' : comparable(v)] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  }
  return Array.isArray(value) ? value.map(comparable) : leaf(value);
};

const isDefaultProvider = (urn: unknown): boolean => /::pulumi:providers:[^:]+::default/.test(String(urn));
const isDependencies = (value: unknown): value is Record<string, string[]> => isRecord(value);

/** What both engines must keep of a resource, in the same words. */
export const comparableState = (resources: readonly StateResource[], withStackOutputs: boolean): unknown[] =>
  resources
    .filter((r) => !isDefaultProvider(r['urn']))
    .map((r) => ({
      urn: r['urn'],
      inputs: comparable(r['inputs'] ?? {}),
      outputs: r['type'] === 'pulumi:pulumi:Stack' && !withStackOutputs ? {} : comparable(r['outputs'] ?? {}),
      parent: r['parent'] ?? '',
      dependencies: [...((r['dependencies'] ?? []) as string[])].sort(),
      propertyDependencies: Object.fromEntries(
        Object.entries(isDependencies(r['propertyDependencies']) ? r['propertyDependencies'] : {})
          .map(([key, urns]) => [key, [...(urns ?? [])].sort()] as const)
          .filter(([, urns]) => urns.length > 0)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
      protect: r['protect'] ?? false,
      retainOnDelete: r['retainOnDelete'] ?? false,
      external: r['external'] ?? false,
      delete: r['delete'] ?? false,
      initErrors: r['initErrors'] ?? [],
    }))
    .sort((a, b) => (JSON.stringify([a.urn, a.delete]) < JSON.stringify([b.urn, b.delete]) ? -1 : 1));

export const nameOf = (urn: string): string => urn.slice(urn.lastIndexOf('::') + 2);

/** `create blue`, in the order in which they ended. */
export const operations = (events: readonly UpdateEvent[]): string[] =>
  events.flatMap((e) =>
    e.kind === 'resource' || e.kind === 'failed'
      ? [`${e.kind === 'failed' ? 'FAILED ' : ''}${e.op ?? ''} ${e.urn ?? ''}`]
      : [],
  );

const dependenciesOf = (r: StateResource): string[] => [
  ...((r['dependencies'] ?? []) as string[]),
  ...(typeof r['parent'] === 'string' && r['parent'] !== '' ? [r['parent']] : []),
];

const MAKES = new Set(['create', 'create-replacement', 'update']);
const DELETES = new Set(['delete', 'delete-replaced']);

/**
 * Pairs that were done the wrong way round: made before what they depend on (`after`: the state that was left), or
 * deleted after it (`before`: the state that was found). Parents count for making only: a component has no end.
 */
export const misordered = (
  events: readonly UpdateEvent[],
  before: readonly StateResource[],
  after: readonly StateResource[],
): string[] => {
  const place = (ops: ReadonlySet<string>): Map<string, number> =>
    new Map(
      events.flatMap((e, i) =>
        e.kind === 'resource' && e.urn !== undefined && ops.has(e.op ?? '') ? [[e.urn, i] as const] : [],
      ),
    );
  const [made, deleted] = [place(MAKES), place(DELETES)];
  const wrong = (
    resources: readonly StateResource[],
    at: Map<string, number>,
    bad: (own: number, other: number) => boolean,
    word: string,
  ): string[] =>
    resources.flatMap((r) => {
      const urn = String(r['urn']);
      const own = at.get(urn);
      if (own === undefined || r['custom'] !== true) return [];
      return dependenciesOf(r).flatMap((other) => {
        const their = at.get(other);
        const isComponent = resources.find((x) => x['urn'] === other)?.['custom'] !== true;
        return their === undefined || isComponent || !bad(own, their)
          ? []
          : [`${nameOf(urn)} was ${word} ${nameOf(other)}`];
      });
    });
  return [
    ...wrong(after, made, (own, other) => own < other, 'made before'),
    ...wrong(before, deleted, (own, other) => own > other, 'deleted after'),
  ];
};
