import type { DeploymentRecord } from './schema.ts';

/** What is known of a change before it is approved. */
export interface Change {
  readonly version: string;
  /** The version that serves now. */
  readonly live: string | undefined;
  readonly services: readonly string[];
  readonly pendingMigrations: readonly string[];
  readonly destructive: readonly string[];
}

export interface RiskNote {
  readonly level: 'low' | 'medium' | 'high';
  /** For a person who approves: the level, why, and what it is based on. */
  readonly text: string;
}

const ENOUGH = 5;
const DAY = 86_400_000;

const ended = (r: DeploymentRecord): number => Date.parse(r.finished_at);
const failed = (r: DeploymentRecord): boolean => r.status !== 'success';

const numbers = (version: string): readonly number[] =>
  version.replace(/^v/, '').split(/[.+-]/).slice(0, 3).map(Number);

const stepOf = ({ version, live }: Change): string => {
  if (live === undefined) return 'the first version here';
  const [a, b] = [numbers(live), numbers(version)];
  const at = a.findIndex((n, i) => n !== b[i]);
  if (at === -1) return `${version} again, or another build of it`;
  const back = (b[at] ?? 0) < (a[at] ?? 0) ? ' back' : '';
  return `a ${['major', 'minor', 'patch'][at] ?? 'small'} step${back} from ${live}`;
};

/** Phase or stage in which releases failed before, most often first. */
const whereOf = (bad: readonly DeploymentRecord[]): string => {
  const counts = new Map<string, number>();
  for (const { failure } of bad) {
    const where = failure?.stage ?? failure?.phase ?? 'an unknown phase';
    counts.set(where, (counts.get(where) ?? 0) + 1);
  }
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([where, n]) => `${n} in ${where}`)
    .join(', ');
};

const sizeOf = (change: Change): string => {
  const { services, pendingMigrations: pending, destructive } = change;
  const migrations =
    pending.length === 0
      ? 'no migration'
      : `${pending.length} migration${pending.length === 1 ? '' : 's'}${destructive.length === 0 ? '' : ` (${destructive.join(', ')})`}`;
  return `${stepOf(change)}, ${services.length} service${services.length === 1 ? '' : 's'}, ${migrations}`;
};

const levelOf = (change: Change, bad: number, all: number, lastFailed: boolean): RiskNote['level'] => {
  if (change.destructive.length > 0 || (all >= ENOUGH && bad / all > 0.3)) return 'high';
  if (all < ENOUGH || lastFailed || change.pendingMigrations.length > 0 || bad / all > 0.1) return 'medium';
  return 'low';
};

/**
 * What the history of the same services says about a change: how often their releases failed and where, how large this
 * one is. Counting, not prophecy; it says what it is based on. `records`: of one environment, in any order.
 */
export const riskNote = (records: readonly DeploymentRecord[], change: Change, now: number): RiskNote => {
  const same = records
    .filter((r) => r.kind === 'release' && Object.keys(r.images).some((s) => change.services.includes(s)))
    .toSorted((a, b) => ended(b) - ended(a));
  const bad = same.filter(failed);
  const [last] = same;
  const level = levelOf(change, bad.length, same.length, last !== undefined && failed(last));
  const history =
    same.length === 0
      ? 'no release of these services is on record'
      : `of ${same.length} releases of these services ${bad.length === 0 ? 'none' : bad.length} failed or went back${bad.length === 0 ? '' : ` (${whereOf(bad)})`}`;
  const age = last === undefined ? '' : `, the last one ${Math.round((now - ended(last)) / DAY)} days ago`;
  const sure = same.length < ENOUGH ? `; fewer than ${ENOUGH} say little` : '';
  return {
    level,
    text: `risk ${level}: ${sizeOf(change)}; ${history}${age}. Based on ${same.length} record${same.length === 1 ? '' : 's'}${sure}`,
  };
};
