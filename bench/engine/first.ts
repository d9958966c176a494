/** The first deployment of Azora's production, by either engine: everything from nothing to four services with traffic. */
import type { Release } from '../../config/release.types.ts';
import { freeze } from '../../release/core/freeze.ts';
import type { Session } from '../../cli/session/open.ts';
import { openEngineWorld, requestOf } from './world.ts';

const VERSION = 'v1.0.0';

const firstRelease = async (session: Session): Promise<Release> => {
  const { app } = session.config;
  const { secrets: store, images: registry } = session.run(
    // No port that is asked here depends on what the stack says.
    {
      release: undefined,
      url: '',
      routing: { listenerArn: '', services: {}, previewHeader: '' },
      buckets: { backup: '', record: '', lease: '' },
    },
    'bench',
  ).ports;
  const found = async <T>(names: readonly (readonly [string, Promise<T | undefined>])[]) =>
    Object.fromEntries(
      (await Promise.all(names.map(async ([name, value]) => [name, await value] as const))).flatMap(
        ([name, value]) => (value === undefined ? [] : [[name, value] as const]),
      ),
    );
  const images = await found(
    Object.keys(app.services).map((s) => [s, registry.find(`docker.io/azora/${s}`, VERSION)] as const),
  );
  const secrets = await found(
    Object.entries(app.secrets).map(([key, name]) => [key, store.describe(name)] as const),
  );
  const { deployment } = requestOf(session, VERSION);
  const blue = freeze(app, { version: VERSION, deployment, images, secrets });
  return {
    format: 1,
    serial: 0,
    replaces: null,
    deployment,
    slots: { blue },
    traffic: { blue: 100, green: 0 },
  };
};

/** One deployment into a cloud of its own: ms, resources made. */
export const firstDeployment = async (
  engine: 'real' | 'embedded',
): Promise<{ readonly ms: number; readonly made: number }> => {
  const world = await openEngineWorld();
  try {
    const startedAt = performance.now();
    const session = await world.session(engine);
    const release = await firstRelease(session);
    const { changes } = await session.stack.up(release, { onEvent: () => undefined });
    const ms = performance.now() - startedAt;
    await session.close();
    return { ms, made: changes['create'] ?? 0 };
  } finally {
    await world.close();
  }
};
