import type { DatabaseFingerprint, SchemaObject, SequenceState, TableFingerprint } from './fingerprint.ts';

/**
 * A definition in a form that survives a dump: PostgreSQL writes the same expression with other casts and
 * parentheses once it has read it back (`x IN ('a', 'b')` on a varchar is a known case).
 */
const settled = (definition: string): string =>
  definition
    .replaceAll(
      /::(?:"[^"]+"|(?:character varying|double precision|bit varying|timestamp|time|interval|[a-z_][\w$]*))(?:\.(?:"[^"]+"|[\w$]+))?(?:\(\d+(?:,\s*\d+)?\))?(?: with(?:out)? time zone)?(?:\[\])*/gi,
      '',
    )
    .replaceAll(/[()\s]+/g, ' ')
    .replaceAll(/ ?([,[\];]) ?/g, '$1')
    .trim();

/** A dropped column shifts the number that the system gave to a not-null constraint, and the like: names, not order, count. */
const keyed = (objects: readonly SchemaObject[]): Map<string, string> => {
  const found = new Map<string, string>();
  for (const o of objects) {
    const key = `${o.kind} ${o.name}`;
    found.set(key, [found.get(key), settled(o.definition)].filter((d) => d !== undefined).join('\n'));
  }
  return found;
};

/** Objects that are missing, new or defined otherwise in a copy. */
export const schemaDifferences = (
  original: readonly SchemaObject[],
  copy: readonly SchemaObject[],
): string[] => {
  const [a, b] = [keyed(original), keyed(copy)];
  const missing = [...a.keys()].filter((k) => !b.has(k)).map((k) => `${k} is missing in the copy`);
  const extra = [...b.keys()].filter((k) => !a.has(k)).map((k) => `${k} is only in the copy`);
  const changed = [...a]
    .filter(([k, d]) => (b.get(k) ?? d) !== d)
    .map(([k]) => `${k} is defined differently`);
  return [...missing, ...extra, ...changed];
};

/** Tables whose rows are not the same. */
export const contentDifferences = (
  original: readonly TableFingerprint[],
  copy: readonly TableFingerprint[],
): string[] => {
  const there = new Map(copy.map((t) => [t.name, t]));
  return original.flatMap((t) => {
    const other = there.get(t.name);
    if (other === undefined) return [`table ${t.name} is missing`];
    if (other.rows !== t.rows) return [`table ${t.name} has ${other.rows} rows instead of ${t.rows}`];
    return other.hash === t.hash ? [] : [`table ${t.name} has other contents in its ${t.rows} rows`];
  });
};

/** A sequence as one number: the next value it would give, as far as order matters. */
const position = (s: SequenceState): bigint => BigInt(s.value) * 2n + (s.called ? 1n : 0n);

/** Sequences move on while others write, whatever the snapshot: the copy must lie between before and after. */
const sequenceDifferences = (
  before: readonly SequenceState[],
  after: readonly SequenceState[],
  copy: readonly SequenceState[],
): string[] => {
  const later = new Map(after.map((s) => [s.name, s]));
  const copied = new Map(copy.map((s) => [s.name, s]));
  return before.flatMap((s) => {
    const other = copied.get(s.name);
    if (other === undefined) return [];
    const [low, high] = [position(s), position(later.get(s.name) ?? s)].sort((x, y) => (x < y ? -1 : 1));
    const at = position(other);
    return at >= (low ?? at) && at <= (high ?? at)
      ? []
      : [`sequence ${s.name} stands at ${other.value} instead of ${s.value}`];
  });
};

/**
 * What differs between a database and a copy of it, one line a finding; empty: nothing. `sequencesBefore`: the
 * original's sequences when the copy was begun.
 */
export const differences = (
  original: DatabaseFingerprint,
  copy: DatabaseFingerprint,
  sequencesBefore: readonly SequenceState[] = original.sequences,
): string[] => [
  ...contentDifferences(original.tables, copy.tables),
  ...sequenceDifferences(sequencesBefore, original.sequences, copy.sequences),
  ...schemaDifferences(original.schema, copy.schema),
];
