import type { ProbeResult } from '../../ports/prober.ts';
import { logProbes } from './log.ts';
import type { HealthState, ServiceState, State } from './state.ts';

/** A failing probe: not healthy (a wrong version is not), or the load balancer sees no healthy target. */
const failing = (result: ProbeResult): boolean => !result.healthy || result.healthyTargets === 0;

const reasonOf = (result: ProbeResult): string =>
  result.healthy || result.reason === undefined
    ? result.healthyTargets === 0
      ? 'the load balancer sees no healthy target'
      : result.status === undefined
        ? 'no answer'
        : `answered ${result.status}`
    : result.reason;

/** Adds probes, each once by its time; `failuresInARow` of one service fail the gate for good. */
export const addProbes = (state: State, results: readonly ProbeResult[], failuresInARow: number): State => {
  // Before the first stage the slot is only starting; whoever starts it waits for it.
  if (state.stages.length === 0) return state;
  const services: Record<string, ServiceState> = { ...state.services };
  const accepted: ProbeResult[] = [];
  for (const result of results.toSorted((a, b) => a.at - b.at)) {
    const service = services[result.service];
    if (service === undefined || result.at <= service.health.at) continue;
    accepted.push(failing(result) ? { ...result, reason: reasonOf(result) } : result);
    services[result.service] = { ...service, health: addProbe(service.health, result, failuresInARow) };
  }
  return accepted.length === 0 ? state : logProbes({ ...state, services }, accepted, failuresInARow);
};

const addProbe = (health: HealthState, result: ProbeResult, failuresInARow: number): HealthState => {
  const bad = failing(result);
  const row = bad ? health.row + 1 : 0;
  const failed =
    health.failed ??
    (row >= Math.max(1, failuresInARow) ? { at: result.at, reason: reasonOf(result), row } : null);
  return { row, probes: health.probes + 1, bad: health.bad + (bad ? 1 : 0), at: result.at, failed };
};
