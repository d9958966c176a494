import { expect } from 'vitest';
import type { Outcome } from '../../release/runner/types.ts';
import { killAt, Killed, type World } from './world.ts';

/** Two stages: as many kinds of effects as any, and fewer points to be killed at. */
export const SHORT = {
  stages: [
    { name: 'canary', traffic: 50, bake: 20_000 },
    { name: 'full', traffic: 100, bake: 0 },
  ],
};

/** Runs until the n-th effect kills the runner; the outcome when the release has fewer effects. */
export const runAndKill = async (
  world: World,
  n: number,
  when: 'before' | 'after',
): Promise<{ deployment: string; kind: string | undefined; outcome: Outcome | undefined }> => {
  const hooks = killAt(n, when);
  const request = world.request('v2.0.0');
  try {
    const outcome = await world.deploy('v2.0.0', { hooks }, request);
    return { deployment: request.deployment, kind: undefined, outcome };
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    return { deployment: request.deployment, kind: hooks.killed, outcome: undefined };
  }
};

/** Journal, weights, outputs and record say the same, everybody is on `version`, and nothing is left open. */
export const expectAgreement = (
  world: World,
  deployment: string,
  label: string,
  version: string,
  status: string,
): void => {
  expect(world.serving(), label).toEqual({ [version]: 100 });
  expect(world.agrees(), label).toBe(true);
  expect(world.cloud.broken, label).toEqual([]);
  expect(world.record(deployment)?.status, label).toBe(status);
  const journal: unknown = JSON.parse(
    world.stores.lease.objects.get(`journals/production/${deployment}.json`)?.body ?? 'null',
  );
  expect(journal, label).toMatchObject({ phase: { name: 'done', result: { status } } });
  expect(
    [...world.stores.lease.objects.keys()].filter((k) => k.startsWith('open/')),
    label,
  ).toEqual([]);
  expect(world.record(deployment)?.live?.version, label).toBe(version);
};
