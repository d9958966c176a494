/** Scenarios of the demo, played in this process with other bakes and another rate. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { playScenario, type ScenarioEnd, type ScenarioOptions } from '../../cli/demo/scenario.ts';
import { findScenario } from '../../sandbox/scenarios/scenarios.ts';

const SEED = 1;

export interface Played {
  readonly scenario: string;
  /** Requests per second. */
  readonly rate: number;
  readonly bakes: readonly string[];
  readonly onSecond?: NonNullable<ScenarioOptions['onSecond']>;
}

/** `look` sees the end of it and its working folder, before both are taken down. */
export const play = async <T>(
  { scenario: name, ...options }: Played,
  look: (end: ScenarioEnd, directory: string) => Promise<T>,
): Promise<T> => {
  const scenario = findScenario(name);
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  try {
    return await playScenario({ ...options, scenario, stack: 'production', directory, seed: SEED }, (end) =>
      look(end, directory),
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};
