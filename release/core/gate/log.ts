import type { PackedWindow, State } from './state.ts';
import type { GateTerms } from './terms.ts';
import type { GateContext } from './types.ts';
import type { ProbeResult } from '../../ports/prober.ts';

/**
 * Everything the gate was told, in order and compact, so that its verdicts can be computed again from a record.
 * `text` has one line an event:
 *   `e` a stage begins: JSON of the context
 *   `w` windows: `service start/width freshRequests,errors,slow,stableRequests,errors,slow,seen` joined with `;`
 *   `p` probes: limit in a row, then `service at state[ reason]` joined with tabs; state + healthy, - failing
 * Services are numbered in the order of `terms.services`.
 */
export interface GateLog {
  readonly format: 1;
  readonly terms: GateTerms;
  readonly text: string;
  /** Events the gate was told; more than `text` has lines where the log became full. */
  readonly events: number;
}

/** Characters after which no more is kept; about 30,000 windows. */
export const LOG_LIMIT = 1_000_000;

const append = (state: State, line: string): State => {
  const { text, events, full } = state.log;
  const fits = !full && text.length + line.length < LOG_LIMIT;
  return { ...state, log: { text: fits ? `${text}${line}\n` : text, events: events + 1, full: !fits } };
};

const numbers = new WeakMap<GateTerms, ReadonlyMap<string, number>>();

const numberOf = (terms: GateTerms): ReadonlyMap<string, number> => {
  const known = numbers.get(terms);
  if (known) return known;
  const made = new Map(Object.keys(terms.services).map((name, index) => [name, index]));
  numbers.set(terms, made);
  return made;
};

export const logStage = (state: State, context: GateContext): State =>
  append(state, `e ${JSON.stringify(context)}`);

export const logWindows = (state: State, windows: readonly (readonly [string, PackedWindow])[]): State => {
  if (state.log.full) return append(state, '');
  const number = numberOf(state.terms);
  const parts = windows.map(
    ([name, [from, nc, xc, sc, ns, xs, ss, seen]]) =>
      `${number.get(name) ?? -1} ${from / state.terms.window} ${nc},${xc},${sc},${ns},${xs},${ss},${seen}`,
  );
  return append(state, `w ${parts.join(';')}`);
};

export const logProbes = (state: State, results: readonly ProbeResult[], failuresInARow: number): State => {
  const number = numberOf(state.terms);
  const parts = results.map(
    (r) =>
      `${number.get(r.service) ?? -1} ${r.at} ${r.healthy ? '+' : '-'} ${r.healthyTargets ?? '?'}${r.reason === undefined ? '' : ` ${JSON.stringify(r.reason)}`}`,
  );
  return append(state, `p ${failuresInARow}\t${parts.join('\t')}`);
};
