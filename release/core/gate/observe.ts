import type { Counts, MetricWindow } from '../../ports/metrics.ts';
import { applyWindow, passMissing } from './apply.ts';
import { logWindows } from './log.ts';
import { copyService, type PackedWindow, type ServiceState, type State } from './state.ts';

/** Later windows that close before a missing one is given up. */
export const LATE = 2;
/** Starts of given-up windows that are remembered, to tell a late window from one that was added already. */
const REMEMBERED = 64;

/**
 * Adds windows, each once: in order per service, whatever order they come in. One that comes before `LATE`
 * later ones have closed takes its place; one that comes after that is counted as too late and left out.
 */
export const observeWindows = (state: State, windows: readonly MetricWindow[]): State => {
  if (state.stages.length === 0 || windows.length === 0) return state;
  const services: Record<string, ServiceState> = { ...state.services };
  const touched = new Set<string>();
  const edit = (name: string, service: ServiceState): ServiceState => {
    if (touched.has(name)) return service;
    touched.add(name);
    return (services[name] = copyService(service));
  };
  const accepted: (readonly [string, PackedWindow])[] = [];
  for (const window of inOrder(windows)) {
    const service = services[window.service];
    if (service === undefined) continue;
    const packed = pack(window, state.terms.window);
    const place = placeOf(service, packed[0]);
    if (place === 'known') continue;
    accepted.push([window.service, packed]);
    const own = edit(window.service, service);
    if (place === 'late') takeLate(own, packed[0]);
    else keep(own, packed);
  }
  if (accepted.length === 0) return state;
  for (const name of touched) {
    const service = services[name];
    if (service) settle(state, name, service);
  }
  return logWindows({ ...state, services }, accepted);
};

const inOrder = (windows: readonly MetricWindow[]): readonly MetricWindow[] => {
  for (let k = 1; k < windows.length; k += 1)
    if ((windows[k]?.from ?? 0) < (windows[k - 1]?.from ?? 0))
      return windows.toSorted((a, b) => a.from - b.from);
  return windows;
};

const placeOf = (service: ServiceState, from: number): 'new' | 'late' | 'known' => {
  if (from < service.next) return service.missed.includes(from) ? 'late' : 'known';
  for (const window of service.pending) if (window[0] === from) return 'known';
  return 'new';
};

const takeLate = (service: ServiceState, from: number): void => {
  service.missed.splice(service.missed.indexOf(from), 1);
  service.late += 1;
};

const keep = (service: ServiceState, window: PackedWindow): void => {
  let at = service.pending.length;
  while (at > 0 && (service.pending[at - 1]?.[0] ?? 0) > window[0]) at -= 1;
  service.pending.splice(at, 0, window);
};

/** How many windows from `next` on have been missing for so long that they are given up. */
const overdue = (next: number, clock: number, width: number): number =>
  Math.max(0, Math.floor((clock - next) / width) - LATE);

/** Applies what is in order, gives up what is overdue by the service's own later windows. */
const settle = (state: State, name: string, service: ServiceState): void => {
  const width = state.terms.window;
  const clock = (service.pending.at(-1)?.[0] ?? 0) + width;
  for (;;) {
    const head = service.pending[0];
    if (head !== undefined && head[0] === service.next) {
      service.pending.shift();
      applyWindow(state, name, service, head);
      continue;
    }
    const until = head === undefined ? Infinity : (head[0] - service.next) / width;
    const many = Math.min(until, overdue(service.next, clock, width));
    if (!(many > 0)) return;
    for (let k = Math.max(0, many - REMEMBERED); k < many; k += 1)
      service.missed.push(service.next + k * width);
    if (service.missed.length > REMEMBERED) service.missed.splice(0, service.missed.length - REMEMBERED);
    passMissing(service, many);
    service.next += many * width;
  }
};

const counted = (counts: Counts, what: string): Counts => {
  for (const value of [counts.requests, counts.errors, counts.slow])
    if (!(Number.isFinite(value) && value >= 0))
      throw new TypeError(`gate: ${what} has a count of ${value}; counts are finite and at least 0`);
  return counts;
};

const pack = (window: MetricWindow, width: number): PackedWindow => {
  const { from, to, service, seen } = window;
  if (to - from !== width || from % width !== 0)
    throw new TypeError(`gate: window ${from} to ${to} of ${service} is no multiple of ${width} ms`);
  const fresh = counted(window.fresh, `${service}, new version`);
  const stable = counted(window.stable, `${service}, stable version`);
  return [
    from,
    Math.max(fresh.requests, fresh.errors, fresh.slow),
    fresh.errors,
    fresh.slow,
    Math.max(stable.requests, stable.errors, stable.slow),
    stable.errors,
    stable.slow,
    (seen.fresh || fresh.requests > 0 ? 1 : 0) + (seen.stable || stable.requests > 0 ? 2 : 0),
  ];
};
