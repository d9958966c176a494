import { addProbes } from './health.ts';
import { judgeNow } from './judge.ts';
import { logStage, type GateLog } from './log.ts';
import { observeWindows } from './observe.ts';
import { startState, stateOf, type ServiceState, type State } from './state.ts';
import { openTerms } from './terms.ts';
import type { Gate, GateContext, GateState } from './types.ts';

/** A stage begins. The first one starts the clock, the warm-up and the cursors. Entering it twice changes nothing. */
const enter = (state: State, context: GateContext): State => {
  const last = state.stages.at(-1);
  const { stage } = context;
  if (last?.index === stage.index && last.startedAt === stage.startedAt) return state;
  const stages = [...state.stages, stage];
  if (last) return logStage({ ...state, stages }, context);
  const width = state.terms.window;
  const services: Record<string, ServiceState> = {};
  const next = Math.floor(stage.startedAt / width) * width;
  for (const [name, service] of Object.entries(state.services)) services[name] = { ...service, next };
  // The window in which the release starts is left out, or is the warm-up if most of it lies after the start.
  const first = Math.max(
    Math.ceil(stage.startedAt / width) * width,
    (Math.round(stage.startedAt / width) + state.terms.warmup) * width,
  );
  return logStage({ ...state, stages, services, first }, context);
};

const thresholds = (state: State): Readonly<Record<string, number | undefined>> =>
  Object.fromEntries(
    Object.entries(state.terms.services).map(([name, terms]) => [name, terms.latency?.slowerThanMs]),
  );

const cursor = (state: State): number => {
  let first = Infinity;
  for (const service of Object.values(state.services))
    if (service.errors !== null || service.latency !== null) first = Math.min(first, service.next);
  return Number.isFinite(first) ? Math.max(0, first) : 0;
};

/** The statistics behind the release engine's seam. All pure: a state is never changed, a new one is returned. */
export const gate: Gate = {
  open: (settings, services, baselines, about) => startState(openTerms(settings, services, baselines, about)),
  thresholds: (state) => thresholds(stateOf(state)),
  width: (state) => stateOf(state).terms.window,
  cursor: (state) => cursor(stateOf(state)),
  enter: (state, context) => enter(stateOf(state), context),
  observe: (state, windows) => observeWindows(stateOf(state), windows),
  probed: (state, results, failuresInARow) => addProbes(stateOf(state), results, failuresInARow),
  judge: (state, context) => judgeNow(stateOf(state), context),
};

/** What a release's record keeps, so that `sluice gate replay` can compute its verdicts again. */
export const gateLog = (state: GateState): GateLog => {
  const { terms, log } = stateOf(state);
  return { format: 1, terms, text: log.text, events: log.events };
};
