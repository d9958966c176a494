/**
 * A step of a release that changes weights alone, by `sluice` (live weights compared before, update, outputs and
 * weights read back) and by a plain Automation program: the same program, stack, configuration and process.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalWorkspace } from '@pulumi/pulumi/automation/index.js';
import program from '../../infra/index.ts';
import type { Release } from '../../config/release.types.ts';
import type { Session } from '../../cli/session/open.ts';
import { releaseOf, type EngineWorld } from './world.ts';

export const STEPS = 6;

/** Times of the weights-only updates of one whole release, ms: from the effect's start to weights read back. */
export const stepsBySluice = async (session: Session): Promise<number[]> => {
  const times: number[] = [];
  let begun = 0;
  const shares = Array.from({ length: STEPS }, (_, i) => Math.round(((i + 1) * 100) / STEPS));
  const stages = shares.map((traffic, i) => ({ name: `step-${i + 1}`, traffic, bake: 0 }));
  const isStep = (effect: { readonly kind: string; readonly step?: string }): boolean =>
    effect.kind === 'update' && effect.step === 'shift';
  await releaseOf(session, 'v2.0.0', {
    app: { ...session.config.app, stages },
    hooks: {
      before: (effect) => {
        if (isStep(effect)) begun = performance.now();
      },
      after: (effect) => {
        if (isStep(effect)) times.push(performance.now() - begun);
      },
    },
  });
  return times;
};

/** The same changes, backwards, by whoever uses the Automation API without this project: set, up. */
export const stepsByAutomation = async (world: EngineWorld, session: Session): Promise<number[]> => {
  const outputs = await session.outputs();
  let release: Release | undefined = outputs.release;
  const workDir = mkdtempSync(join(tmpdir(), 'sluice-bench-automation-'));
  try {
    const stack = await LocalWorkspace.selectStack(
      {
        stackName: session.config.stack,
        projectName: session.config.project,
        program: async () => ({ ...(await program()) }),
      },
      { workDir, envVars: { PULUMI_CONFIG_PASSPHRASE: 'bench', ...world.sandbox.environment() } },
    );
    await stack.setAllConfig(
      Object.fromEntries(
        Object.entries(session.config.values).map(([key, value]) => [key, { value }] as const),
      ),
    );
    const times: number[] = [];
    for (let i = STEPS - 1; i >= 0; i -= 1) {
      if (release === undefined) throw new Error('the stack has no release');
      const blue = 100 - Math.round((i * 100) / STEPS);
      release = {
        ...release,
        serial: release.serial + 1,
        replaces: release.serial,
        traffic: { blue, green: 100 - blue },
      };
      const begun = performance.now();
      await stack.setConfig('sluice:release', { value: JSON.stringify(release) });
      await stack.up({ color: 'never' });
      times.push(performance.now() - begun);
    }
    return times;
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
};
