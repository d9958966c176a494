import type { Release, SecretReference, Slot } from '../../config/release.types.ts';
import { freeze } from '../../release/core/freeze.ts';
import { liveOf } from '../../release/core/release.ts';
import { findImages } from '../../release/runner/effects/supply.ts';
import type { RunOptions } from '../../release/runner/types.ts';

/** A slot as the next release would freeze it, and the services whose images do not exist yet. */
export interface Frozen {
  readonly slot: Slot;
  readonly unbuilt: readonly string[];
}

/** Stands where a digest is not known yet; the registry never has it. */
const NOT_BUILT = `sha256:${'0'.repeat(64)}`;

/** Of the right shape, so that the rest can be previewed; the release itself needs the real one. */
const unknownSecret = (name: string): SecretReference => ({
  arn: `arn:aws:secretsmanager:::secret:${name.split(':').at(-1) ?? name}`,
  version: 'unknown',
});

/** Current versions, never values; what may not be looked up stays as the live slot has it. */
const secretsOf = async (
  run: RunOptions,
  live: Slot | undefined,
): Promise<Record<string, SecretReference>> => {
  const kept = Object.assign({}, ...Object.values(live?.services ?? {}).map((s) => s.secrets)) as Record<
    string,
    SecretReference
  >;
  const found = await Promise.all(
    Object.entries(run.app.secrets).map(async ([key, name]): Promise<[string, SecretReference]> => {
      const reference = await run.ports.secrets.describe(name).catch(() => undefined);
      return [key, reference ?? kept[key] ?? unknownSecret(name)];
    }),
  );
  return Object.fromEntries(found);
};

/** `app` as it is now, frozen at a version: images of the live slot are kept while its version stays. */
export const frozenNow = async (
  run: RunOptions,
  current: Release | undefined,
  version: string,
  deployment: string,
): Promise<Frozen> => {
  const { app, ports } = run;
  const live = liveOf(current);
  const [found, secrets] = await Promise.all([
    findImages({ app, ports, state: { request: { version } } }),
    secretsOf(run, live),
  ]);
  const unbuilt: string[] = [];
  const images = Object.fromEntries(
    Object.keys(app.services).map((service) => {
      const same = live?.version === version ? live.services[service]?.image : undefined;
      const image = same ?? found[service];
      if (image === undefined) unbuilt.push(service);
      return [service, image ?? `${app.images.repository.replaceAll('{service}', service)}@${NOT_BUILT}`];
    }),
  );
  return { slot: freeze(app, { version, deployment, images, secrets }), unbuilt };
};
