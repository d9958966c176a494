import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findExample } from '../../cli/demo/example.ts';
import { playScenario, type ScenarioEnd } from '../../cli/demo/scenario.ts';
import { openSession, type Session } from '../../cli/session/open.ts';
import { inSandbox } from '../../cli/session/in-sandbox.ts';
import { readStackConfig } from '../../cli/session/stack-config.ts';
import { deploymentId } from '../../lib/ids.ts';
import { parseRecord } from '../../release/core/records/parse.ts';
import { runReconcile, runRelease, runRollback } from '../../release/runner.ts';
import type { Outcome } from '../../release/runner/types.ts';
import { findScenario } from '../../sandbox/scenarios/scenarios.ts';

interface AliasAnswer {
  readonly FunctionVersion: string;
  readonly RoutingConfig?: { readonly AdditionalVersionWeights: Readonly<Record<string, number>> };
}

const play = async (
  name: string,
  bakes: readonly string[],
  look: (end: ScenarioEnd, directory: string) => Promise<void>,
) => {
  const scenario = findScenario(name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  const directory = mkdtempSync(join(tmpdir(), 'sluice-lambda-'));
  try {
    const example = await findExample('lambda');
    await playScenario(
      { scenario, example, stack: 'production', directory, rate: 200, seed: 7, bakes },
      (end) => look(end, directory),
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

const recordOf = ({ outcome }: ScenarioEnd, directory: string) => {
  const path = join(directory, 'records/production', `${outcome.deployment}.json`);
  return parseRecord(readFileSync(path, 'utf8'), path);
};

/** Lambda's own API, as the console or any other tool would call it. */
const api = async ({ world }: ScenarioEnd, method: string, path: string, body?: object): Promise<unknown> => {
  const response = await fetch(
    `${world.sandbox.lambda}/2015-03-31/functions/parcel-production-quote${path}`,
    {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    },
  );
  return response.json();
};
const aliasIn = async (end: ScenarioEnd): Promise<AliasAnswer> =>
  (await api(end, 'GET', '/aliases/live')) as AliasAnswer;
const published = async (end: ScenarioEnd): Promise<string[]> =>
  ((await api(end, 'GET', '/versions')) as { Versions: { Version: string }[] }).Versions.map(
    (v) => v.Version,
  );

let runs = 0;

const run = async (
  end: ScenarioEnd,
  what: 'release' | 'rollback',
  version: string,
  onBake: () => void = () => undefined,
  session: Session = end.session,
): Promise<Outcome> => {
  // A rollback and the release after it may begin within one second.
  const deployment = deploymentId(Date.now(), String((runs += 1)).padStart(12, 'f'));
  const options = {
    ...session.run(await session.outputs(), deployment),
    onView: ({ bakeLeft }: { readonly bakeLeft: number | undefined }) => {
      if (bakeLeft !== undefined) onBake();
    },
  };
  const request = {
    application: 'parcel',
    environment: 'production',
    deployment,
    version,
    commit: 'f'.repeat(40),
    ref: 'refs/heads/main',
    by: 'ada',
    reason: 'service outage',
    where: 'here',
    approvedBy: 'team-lead',
  };
  if (what === 'release') return runRelease(options, request);
  const rollback = { mode: 'standard', override: false, restoreDatabase: false, to: version } as const;
  return runRollback(options, { ...request, rollback });
};

it('from staging to production by digest, 10 % then 100 %; back to a published version; an alias changed by hand halts', async () => {
  await play('healthy', ['3 seconds', '2 seconds'], async (end, directory) => {
    expect(end.outcome).toMatchObject({ result: 'success', exit: 0 });
    expect(end.traffic.failed).toBe(0);
    expect(Object.keys(end.traffic.versions).sort()).toEqual(['v1.0.0', 'v2.0.0']);
    const record = recordOf(end, directory);
    expect(record.rollout_stages.map((s) => [s.traffic_percentage, s.status])).toEqual([
      [10, 'healthy'],
      [100, 'healthy'],
    ]);
    expect(await aliasIn(end)).toMatchObject({ FunctionVersion: '2' });
    expect(await published(end)).toEqual(['$LATEST', '1', '2']);

    // Built once: production runs the digest that staging ran.
    const { folder, application } = end.world.example;
    const staging = await openSession({
      config: readStackConfig('staging', {}, { folder }),
      surroundings: inSandbox({ sandbox: end.world.sandbox, application, realEngine: false }),
      directory,
    });
    const images = async (of: typeof staging) =>
      Object.values((await of.outputs()).release?.slots ?? {})
        .filter((s) => s?.version === 'v2.0.0')
        .map((s) => s?.services['quote']?.image);
    expect(await images(end.session)).toEqual(await images(staging));

    // A person goes back to a published version: the alias alone moves.
    expect(await run(end, 'rollback', 'v1.0.0')).toMatchObject({ result: 'success' });
    expect(await aliasIn(end)).toMatchObject({ FunctionVersion: '1' });
    expect(await published(end)).toEqual(['$LATEST', '1', '2']);

    // Somebody changes the alias while the canary bakes.
    let changed = false;
    const halted = await run(end, 'release', 'v2.0.0', () => {
      if (changed) return;
      changed = true;
      void api(end, 'PUT', '/aliases/live', {
        FunctionVersion: '1',
        RoutingConfig: { AdditionalVersionWeights: {} },
      });
    });
    expect(halted.result).toBe('halted');
    expect(halted.why).toContain("traffic was moved behind the stack's back: quote: live");
    expect((await aliasIn(end)).RoutingConfig).toBeUndefined();

    // What the stack says is put back by a direct call.
    const deployment = halted.deployment;
    const mended = await runReconcile(
      end.session.run(await end.session.outputs(), deployment),
      'production',
      deployment,
      'stack',
    );
    expect(mended.differed).toHaveLength(1);
    expect(Object.values((await aliasIn(end)).RoutingConfig?.AdditionalVersionWeights ?? {})).toEqual([0.1]);
  });
}, 120_000);

it('errors: the gate sees them by version, the alias goes back by one direct call; a payload that times out gets none of it', async () => {
  // One burst of errors is no evidence: the gate sees several windows of them.
  await play('errors', ['8 seconds', '2 seconds'], async (end, directory) => {
    expect(end.outcome).toMatchObject({ result: 'rolled_back', exit: 4 });
    const record = recordOf(end, directory);
    expect(record.failure?.stage).toBe('canary');
    expect(record.rollback?.weights_restored_ms).toBeLessThan(1000);
    expect(await aliasIn(end)).toMatchObject({ FunctionVersion: '1' });
    const answer = (await api(end, 'POST', ':live/invocations', { weight: 8, to: 'DE' })) as object;
    expect(answer).toEqual({ price: 11.9, currency: 'EUR' });

    // Once more with a payload that no function which has yet to start can answer in time: users never meet it.
    const tests = [{ name: 'at once', payload: { weight: 1, to: 'DE' }, within: '1 millisecond' }];
    const hasty = await end.world.session('v2.0.0', {
      bakes: ['1 second', '1 second'],
      over: {
        services: { quote: { environment: { NEW: 'yes' }, function: { tests } } },
        health: { retries: 1 },
      },
    });
    const late = await run(end, 'release', 'v2.0.0', undefined, hasty);
    expect(late).toMatchObject({ result: 'rolled_back', exit: 4 });
    expect(late.why).toMatch(/quote.*at once: .*at most 1 ms/);
    expect(late.state.stages).toEqual([]);
    expect(await aliasIn(end)).toMatchObject({ FunctionVersion: '1' });
    await hasty.close();
  });
}, 120_000);
