import type { EffectOf, EffectResults } from '../../core/engine/effects.ts';
import { freeze as freezeSlot } from '../../core/freeze.ts';
import { refused } from '../../../lib/errors.ts';
import type { Context } from '../context.ts';

export const repositoriesOf = (c: Pick<Context, 'app'>): Record<string, string> =>
  Object.fromEntries(
    Object.keys(c.app.services).map((service) => [
      service,
      c.app.images.repository.replaceAll('{service}', service),
    ]),
  );

/** What is needed to find the images of a version: a whole context, or what a preview has. */
export type ImageQuery = Pick<Context, 'app'> & {
  readonly ports: Pick<Context['ports'], 'images' | 'elsewhere'>;
  readonly state: { readonly request: { readonly version: string } };
};

/** Service → image by digest, from the registry or from the environment that ran it before. */
export const findImages = async (c: ImageQuery): Promise<Record<string, string | undefined>> => {
  const { version } = c.state.request;
  const { after } = c.app.checks;
  if (c.app.images.artifacts === 'promote' && after !== undefined && c.ports.elsewhere !== undefined) {
    const ran = await c.ports.elsewhere(after, version);
    if (ran?.status === 'success') return { ...ran.images };
  }
  const entries = Object.entries(repositoriesOf(c));
  return Object.fromEntries(
    await Promise.all(
      entries.map(
        async ([service, repository]) => [service, await c.ports.images.find(repository, version)] as const,
      ),
    ),
  );
};

/** Builds what is not in the registry yet. */
export const build = async (effect: EffectOf<'build'>, c: Context): Promise<EffectResults['build']> => {
  const repositories = Object.values(repositoriesOf(c));
  const there = await Promise.all(repositories.map((r) => c.ports.images.find(r, effect.version)));
  if (c.again && there.every((digest) => digest !== undefined)) return { images: repositories.length };
  await c.ports.images.build(
    effect.version,
    repositories,
    (line) => c.ports.logs.append('build', line),
    c.signal,
  );
  return { images: repositories.length };
};

const DIGEST = /^\S+@sha256:[0-9a-f]{64}$/;

export const freeze = async (_effect: EffectOf<'freeze'>, c: Context): Promise<EffectResults['freeze']> => {
  const found = await findImages(c);
  const images: Record<string, string> = {};
  for (const [service, image] of Object.entries(found)) {
    if (image === undefined) continue;
    if (!DIGEST.test(image))
      throw refused(
        `image of ${service} is not pinned by a digest: ${image} (allowed: name@sha256:<64 hex digits>)`,
      );
    images[service] = image;
  }
  const names = Object.entries(c.app.secrets);
  const secrets = Object.fromEntries(
    (
      await Promise.all(
        names.map(async ([key, name]) => [key, await c.ports.secrets.describe(name)] as const),
      )
    ).flatMap(([key, reference]) => (reference === undefined ? [] : [[key, reference] as const])),
  );
  const { version, deployment } = c.state.request;
  return { slot: freezeSlot(c.app, { version, deployment, images, secrets }) };
};
