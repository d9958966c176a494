/**
 * Gate against rivals: where a rival keeps a bound on false rollbacks in a service profile, is our gate ever later?
 * A profile is a request rate and a stable error rate; a rival's bound is its own worst case over the healthy workloads.
 */

import { failRate, medianOf, worst, type Cell } from './cells.ts';
import { SMALL } from './parts.ts';
import { percent, PROFILES, profileName, type Profile } from './workloads.ts';

export interface Exception {
  readonly rival: string;
  readonly profile: string;
  readonly regression: string;
  readonly ours: number;
  readonly theirs: number;
  /** The rival's own worst rate of false rollbacks in this profile. */
  readonly worst: number;
}

export interface Comparison {
  /** Regressions in which a rival that keeps the bound was compared. */
  readonly compared: number;
  /** Profiles in which the rival keeps the bound. */
  readonly kept: Readonly<Record<string, number>>;
  readonly exceptions: readonly Exception[];
}

const inProfile = (cell: Cell, { rate, errors }: Profile): boolean =>
  cell.rate === rate && cell.errors === errors;

/** The new version's error rate over the stable version's is inside what counts as healthy. */
const isInside = (cell: Cell, r0: number): boolean => {
  const rates = / to (.*) %$/u.exec(cell.kind);
  return rates !== null && cell.errors > 0 && Number(rates[1]) / 100 <= cell.errors * r0;
};

export interface CompareOptions {
  readonly ours: string;
  readonly rivals: readonly string[];
  /** Highest rate of false rollbacks at which a rival counts. */
  readonly bound: number;
  /** How much later, in seconds, we may be: one window. */
  readonly slack: number;
  readonly r0: number;
  /** Which healthy workloads the rival is judged by. */
  readonly healthy: (cell: Cell) => boolean;
  /** Profiles to look at; all unless told. */
  readonly profiles?: (profile: Profile) => boolean;
}

export const compare = (cells: readonly Cell[], options: CompareOptions): Comparison => {
  const small = cells.filter((cell) => cell.share === SMALL);
  const healthy = small.filter(options.healthy);
  const regressions = small.filter((cell) => cell.group === 'regression' && !isInside(cell, options.r0));
  const exceptions: Exception[] = [];
  const kept: Record<string, number> = Object.fromEntries(options.rivals.map((rival) => [rival, 0]));
  let compared = 0;
  for (const profile of PROFILES.filter(options.profiles ?? (() => true))) {
    const ours = regressions.filter((cell) => inProfile(cell, profile) && cell.rule === options.ours);
    for (const rival of options.rivals) {
      const own = worst(healthy.filter((cell) => inProfile(cell, profile) && cell.rule === rival));
      if (own === undefined || failRate(own) > options.bound) continue;
      kept[rival] = (kept[rival] ?? 0) + 1;
      for (const mine of ours) {
        const theirs = regressions.find(
          (cell) =>
            cell.rule === rival &&
            inProfile(cell, profile) &&
            cell.kind === mine.kind &&
            cell.part === mine.part,
        );
        if (theirs === undefined) continue;
        compared += 1;
        if (medianOf(mine) <= medianOf(theirs) + options.slack || theirs.median === null) continue;
        exceptions.push({
          rival,
          profile: profileName(profile),
          regression: mine.kind,
          ours: medianOf(mine),
          theirs: medianOf(theirs),
          worst: failRate(own),
        });
      }
    }
  }
  return { compared, kept, exceptions };
};

export interface Gain {
  readonly rival: string;
  /** Regressions in which it is more than the slack faster, of all. */
  readonly faster: number;
  readonly regressions: number;
  /** Its own worst false rollbacks in the profiles in which it is faster: least and most, and where the least is. */
  readonly least: number;
  readonly most: number;
  readonly where: string;
}

/** What a rival gains that is held to no bound, and what that costs healthy releases in the same profiles. */
export const gains = (cells: readonly Cell[], options: Omit<CompareOptions, 'bound'>): readonly Gain[] =>
  options.rivals.flatMap((rival): readonly Gain[] => {
    const { compared, exceptions } = compare(cells, { ...options, rivals: [rival], bound: 1 });
    const [first, ...rest] = exceptions;
    if (first === undefined) return [];
    const cheapest = rest.reduce((a, b) => (b.worst < a.worst ? b : a), first);
    return [
      {
        rival,
        faster: exceptions.length,
        regressions: compared,
        least: cheapest.worst,
        most: Math.max(...exceptions.map(({ worst: own }) => own)),
        where: cheapest.profile,
      },
    ];
  });

const seconds = (value: number): string => (value === Infinity ? 'not within the hour' : `${value} s`);

export const describe = (exception: Exception): string =>
  `${exception.profile}, ${exception.regression}: ${exception.rival} ${seconds(exception.theirs)}, ` +
  `this gate ${seconds(exception.ours)} (its worst false rollbacks there: ${percent(exception.worst)})`;
