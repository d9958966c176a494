import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { instructionsName, reportName } from '../../release/core/records/names.ts';
import type { Scenario } from '../../sandbox/scenarios/scenarios.ts';
import { readLive } from '../../release/runner/effects/live.ts';
import { logFolder } from '../session/logs.ts';
import type { ScenarioEnd } from './scenario.ts';

/** What a demo says at its end; plain data. */
export interface DemoSummary {
  readonly scenario: string;
  readonly deployment: string;
  readonly status: string;
  readonly asItShould: boolean;
  readonly why: string;
  readonly live: readonly { readonly service: string; readonly shares: string }[];
  readonly traffic: ScenarioEnd['traffic'];
  readonly notes: readonly string[];
  readonly record: string;
  readonly documents: readonly string[];
  readonly logs: string;
}

const sharesText = (shares: Readonly<Record<string, number | undefined>>): string =>
  Object.entries(shares)
    .map(([slot, share]) => `${slot} ${share ?? 0} %`)
    .join(' / ');

const notesOf = ({ outcome }: ScenarioEnd): string[] => {
  const { state } = outcome;
  const notes: string[] = [];
  if (state.rollback?.weightsRestoredMs !== undefined)
    notes.push(
      `back       weights restored and read back ${state.rollback.weightsRestoredMs} ms after the decision`,
    );
  const deadline =
    state.finishedAt === undefined ? undefined : state.finishedAt + state.settings.rollback.window;
  if (outcome.result === 'success' && deadline !== undefined)
    notes.push(
      `rollback   one command until ${new Date(deadline).toISOString()}; ${state.before?.slots[state.stable ?? 'blue']?.version ?? ''} stays warm as long`,
    );
  if (outcome.attention !== undefined && outcome.attention !== outcome.why)
    notes.push(`attention  ${outcome.attention}`);
  return notes;
};

/** A healthy release must not fail one request; an ending must be the scenario's. */
export const summaryOf = async (
  scenario: Scenario,
  end: ScenarioEnd,
  directory: string,
): Promise<DemoSummary> => {
  const { outcome, session, traffic } = end;
  const { environment, deployment } = outcome.state.request;
  const outputs = await session.outputs();
  const live = await readLive(session.run(outputs, deployment).ports.traffic, outputs.routing);
  const folder = join(directory, 'records', environment);
  const documents = [instructionsName(deployment), reportName(deployment)]
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path));
  return {
    scenario: scenario.name,
    deployment,
    status: outcome.result,
    asItShould: outcome.result === scenario.ends && (scenario.ends !== 'success' || traffic.failed === 0),
    why: outcome.why,
    live: Object.entries(live).map(([service, shares]) => ({ service, shares: sharesText(shares) })),
    traffic,
    notes: notesOf(end),
    record: join(folder, `${deployment}.json`),
    documents,
    logs: logFolder(directory, deployment),
  };
};
