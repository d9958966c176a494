import type { MetricWindow } from '../../ports/metrics.ts';
import type { ProbeResult } from '../../ports/prober.ts';
import { gate } from './gate.ts';
import type { GateLog } from './log.ts';
import { startState } from './state.ts';
import type { GateContext, GateState, Verdict } from './types.ts';

/** What a record keeps of the gate. */
export interface GateRecord {
  readonly log: GateLog;
  readonly verdicts: readonly Verdict[];
}

export interface Replayed {
  readonly recorded: Verdict;
  /** Undefined: the log became full before it, or the record does not say when it was given. */
  readonly computed: Verdict | undefined;
  readonly agrees: boolean;
}

/** Computes every recorded verdict again from the windows, probes and stages in the log. */
export const replayGate = (record: GateRecord): readonly Replayed[] => {
  const states = statesOf(record.log);
  return record.verdicts.map((recorded) => {
    const state = recorded.look === undefined ? undefined : states[recorded.look.events];
    if (state === undefined || recorded.look === undefined)
      return { recorded, computed: undefined, agrees: false };
    const { now, stage } = recorded.look;
    const computed = gate.judge(state, { now, stage });
    return { recorded, computed, agrees: JSON.stringify(computed) === JSON.stringify(recorded) };
  });
};

/** The state after each event: `states[n]` after n of them. */
const statesOf = (log: GateLog): readonly GateState[] => {
  let state: GateState = startState(log.terms);
  const states = [state];
  for (const line of log.text.split('\n')) {
    if (line === '') continue;
    state = step(state, log, line);
    states.push(state);
  }
  return states;
};

const step = (state: GateState, log: GateLog, line: string): GateState => {
  const rest = line.slice(2);
  switch (line[0]) {
    case 'e':
      return gate.enter(state, JSON.parse(rest) as GateContext);
    case 'w':
      return gate.observe(
        state,
        rest.split(';').map((part) => windowOf(log, part)),
      );
    case 'p': {
      const [limit, ...probes] = rest.split('\t');
      return gate.probed(
        state,
        probes.map((part) => probeOf(log, part)),
        Number(limit),
      );
    }
    default:
      throw new TypeError(`gate log: unknown event "${line.slice(0, 40)}"`);
  }
};

const nameOf = (log: GateLog, number: string | undefined): string => {
  const name = Object.keys(log.terms.services)[Number(number)];
  if (name === undefined) throw new TypeError(`gate log: there is no service number ${number}`);
  return name;
};

const windowOf = (log: GateLog, part: string): MetricWindow => {
  const [number, index, counts = ''] = part.split(' ');
  const [nc = 0, xc = 0, sc = 0, ns = 0, xs = 0, ss = 0, seen = 0] = counts.split(',').map(Number);
  const from = Number(index) * log.terms.window;
  return {
    service: nameOf(log, number),
    from,
    to: from + log.terms.window,
    fresh: { requests: nc, errors: xc, slow: sc },
    stable: { requests: ns, errors: xs, slow: ss },
    seen: { fresh: (seen & 1) > 0, stable: (seen & 2) > 0 },
  };
};

const probeOf = (log: GateLog, part: string): ProbeResult => {
  const [number, at, sign, targets, ...reason] = part.split(' ');
  return {
    service: nameOf(log, number),
    at: Number(at),
    healthy: sign === '+',
    status: undefined,
    version: undefined,
    latencyMs: 0,
    healthyTargets: targets === '?' ? undefined : Number(targets),
    reason: reason.length === 0 ? undefined : (JSON.parse(reason.join(' ')) as string),
  };
};
