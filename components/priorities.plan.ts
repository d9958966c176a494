import { EXIT, ExpectedError, type Problem } from '../lib/errors.ts';
import type { SlotName } from '../config/types.ts';
import { shortHash } from './names.ts';

/**
 * A service has one position. Its three rules follow from it, so that every preview rule comes before every
 * production rule, and so that order between services is the same in all three.
 */
const POSITIONS = 16_000;
const OFFSETS: Readonly<Record<SlotName | 'production', number>> = {
  blue: 0,
  green: POSITIONS,
  production: 2 * POSITIONS,
};

/** Priorities that a production rule may be given: 32001 to 47999. */
export const PRODUCTION_PRIORITIES = { from: 2 * POSITIONS + 1, to: 3 * POSITIONS - 1 } as const;

export const priorityOf = (kind: SlotName | 'production', position: number): number =>
  OFFSETS[kind] + position;

export interface Routed {
  readonly name: string;
  /** Listener path patterns. */
  readonly paths: readonly string[];
  /** Priority of the production rule, where a person has fixed it. */
  readonly priority?: number | undefined;
}

/** Service → position, 1 to 15999. */
export type Positions = Readonly<Record<string, number>>;

/** What a pattern matches for certain; one without wildcards ends here, so it comes before one that goes on. */
const literal = (pattern: string): string => {
  const wildcard = pattern.search(/[*?]/);
  return wildcard === -1 ? `${pattern}\0` : pattern.slice(0, wildcard);
};

interface Order {
  /** Services that must come before / after a service. */
  readonly before: ReadonlyMap<string, ReadonlySet<string>>;
  readonly after: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Who must come before whom: a pattern that goes on where another one's wildcard begins is the more specific. */
const orderOf = (services: readonly Routed[]): Order => {
  const byLiteral = new Map<string, Set<string>>();
  for (const { name, paths } of services)
    for (const path of paths) {
      const known = byLiteral.get(literal(path));
      if (known === undefined) byLiteral.set(literal(path), new Set([name]));
      else known.add(name);
    }
  const before = new Map(services.map((s) => [s.name, new Set<string>()]));
  const after = new Map(services.map((s) => [s.name, new Set<string>()]));
  for (const { name, paths } of services)
    for (const path of paths) {
      const key = literal(path);
      for (let end = 0; end < key.length; end++)
        for (const general of byLiteral.get(key.slice(0, end)) ?? []) {
          if (general === name) continue;
          before.get(general)?.add(name);
          after.get(name)?.add(general);
        }
    }
  return { before, after };
};

const cannotOrder = (problems: readonly Problem[]): ExpectedError =>
  new ExpectedError(
    ['the listener rules cannot be ordered', ...problems.map((p) => `  ${p.path}: ${p.reason}`)].join('\n'),
    { exit: EXIT.badInput, problems, hint: 'give the services paths that are apart, or split one of them' },
  );

/** Two services that each have a path inside the other's: one rule a service cannot put both first. */
const refuseCycles = (services: readonly Routed[], order: Order): void => {
  const problems: Problem[] = [];
  for (const { name } of services)
    for (const other of order.before.get(name) ?? [])
      if (name < other && order.after.get(name)?.has(other))
        problems.push({
          path: `services.${name}.paths`,
          reason: `must come before ${other} for one path and after it for another`,
        });
  if (problems.length > 0) throw cannotOrder(problems);
};

/** Longer paths share a band with those of this length. */
const LONGEST = 60;
/** The first band stays free: room before a service whose longest path is not the one that matters. */
const BAND = Math.floor(POSITIONS / (LONGEST + 2));

const specificity = (service: Routed): number => Math.max(0, ...service.paths.map((p) => literal(p).length));

/** Where a service would stand alone: a band by the length of its path, longest first; in it a place by its name. */
const home = (service: Routed): number => {
  const band = 1 + LONGEST - Math.min(specificity(service), LONGEST);
  const place = Number.parseInt(shortHash(service.name, 8), 16) % BAND;
  return 1 + band * BAND + place;
};

const nearestFree = (
  wish: number,
  low: number,
  high: number,
  taken: ReadonlySet<number>,
): number | undefined => {
  const start = Math.min(Math.max(wish, low + 1), high - 1);
  for (let distance = 0; distance < POSITIONS; distance++)
    for (const at of distance === 0 ? [start] : [start + distance, start - distance])
      if (at > low && at < high && !taken.has(at)) return at;
  return undefined;
};

/**
 * Gives every service a position: more specific paths first, nobody's position taken twice, and nobody moved
 * because another service came or went. For that the positions of the last update are `remembered`; also those
 * of services that are gone, because their rules are deleted last. Throws `ExpectedError` where no order exists.
 */
export const planPositions = (services: readonly Routed[], remembered: Positions = {}): Positions => {
  const order = orderOf(services);
  refuseCycles(services, order);
  const placed = new Map<string, number>();
  const taken = new Set<number>();
  const bounds = (name: string): { low: number; high: number } => {
    let low = 0;
    // The last priority before the production rules is the maintenance page's.
    let high = POSITIONS;
    for (const other of order.before.get(name) ?? []) low = Math.max(low, placed.get(other) ?? low);
    for (const other of order.after.get(name) ?? []) high = Math.min(high, placed.get(other) ?? high);
    return { low, high };
  };
  const put = (name: string, position: number): boolean => {
    const { low, high } = bounds(name);
    if (position <= low || position >= high || taken.has(position)) return false;
    placed.set(name, position);
    taken.add(position);
    return true;
  };
  putFixed(services, put);
  const open = services.filter((s) => s.priority === undefined);
  const known = open.filter((s) => remembered[s.name] !== undefined);
  for (const { name } of known.sort((a, b) => (a.name < b.name ? -1 : 1))) put(name, remembered[name] ?? 0);
  for (const position of Object.values(remembered)) taken.add(position);

  // Most specific first: each then only has to come after those that are placed.
  const rest = open
    .filter((s) => !placed.has(s.name))
    .map((service) => ({ service, length: specificity(service) }))
    .sort((a, b) => b.length - a.length || (a.service.name < b.service.name ? -1 : 1));
  for (const { service } of rest) {
    const { low, high } = bounds(service.name);
    const at = nearestFree(home(service), low, high, taken);
    if (at === undefined)
      throw cannotOrder([
        { path: `services.${service.name}.priority`, reason: 'no free priority between its neighbours' },
      ]);
    placed.set(service.name, at);
    taken.add(at);
  }
  return Object.fromEntries(services.map((s) => [s.name, placed.get(s.name) ?? 0]));
};

const putFixed = (services: readonly Routed[], put: (name: string, position: number) => boolean): void => {
  const problems: Problem[] = [];
  const { from, to } = PRODUCTION_PRIORITIES;
  for (const { name, priority } of services) {
    if (priority === undefined) continue;
    const inside = Number.isInteger(priority) && priority >= from && priority <= to;
    if (inside && put(name, priority - OFFSETS.production)) continue;
    const reason = inside
      ? 'taken already, or not in the order of the paths'
      : 'outside the production rules';
    problems.push({
      path: `services.${name}.priority`,
      reason: `${priority} is ${reason}; allowed: ${from} to ${to}, more specific paths first`,
    });
  }
  if (problems.length > 0) throw cannotOrder(problems);
};
