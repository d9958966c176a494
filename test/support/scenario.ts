import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { playScenario, type ScenarioEnd } from '../../cli/demo/scenario.ts';
import { parseRecord } from '../../release/core/records/parse.ts';
import type { DeploymentRecord } from '../../release/core/records/schema.ts';
import { readLive } from '../../release/runner/effects/live.ts';
import { findScenario } from '../../sandbox/scenarios/scenarios.ts';
import type { Ports } from '../../release/runner/types.ts';
import type { StackOutputs } from '../../release/ports/stack.ts';

/** The world when a scenario ended, as a person would look at it. */
export interface Seen {
  readonly end: ScenarioEnd;
  readonly record: DeploymentRecord;
  readonly outputs: StackOutputs;
  readonly live: Awaited<ReturnType<typeof readLive>>;
  readonly objects: Ports['objects'];
  /** Columns of the database's tables, `table.column`. */
  readonly columns: readonly string[];
  readonly file: (path: string) => string;
}

const columnsOf = async (url: string): Promise<string[]> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      `select table_name || '.' || column_name as name from information_schema.columns where table_schema = 'public' order by 1`,
    );
    return rows.map((r) => r.name);
  } finally {
    await client.end();
  }
};

/** Plays a scenario with short bakes and looks at its end before the cloud goes. */
export const play = async <T>(name: string, look: (seen: Seen) => Promise<T> | T): Promise<T> => {
  const scenario = findScenario(name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  const directory = mkdtempSync(join(tmpdir(), 'sluice-scenario-'));
  try {
    return await playScenario(
      {
        scenario,
        stack: 'production',
        directory,
        rate: 300,
        seed: 7,
        bakes: ['5 seconds', '2 seconds', '2 seconds'],
      },
      async (end) => {
        const { environment, deployment } = end.outcome.state.request;
        const outputs = await end.session.outputs();
        const { ports } = end.session.run(outputs, deployment);
        const path = join(directory, 'records', environment, `${deployment}.json`);
        return look({
          end,
          record: parseRecord(readFileSync(path, 'utf8'), path),
          outputs,
          live: await readLive(ports.traffic, outputs.routing),
          objects: ports.objects,
          columns: await columnsOf(end.world.database),
          file: (p) => readFileSync(join(directory, p), 'utf8'),
        });
      },
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

export const SERVICES = ['api-gateway', 'auth-service', 'education-service', 'marketplace-service'];
export const allOn = (slot: 'blue' | 'green'): Record<string, Record<string, number>> =>
  Object.fromEntries(SERVICES.map((s) => [s, { [slot]: 100 }]));
