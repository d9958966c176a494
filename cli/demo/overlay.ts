import type { App } from '../../config/types.ts';
import type { Versions } from '../../sandbox/adapters/images.ts';

/** Folder of the application that the demo releases, from the repository's root. */
export const APPLICATION = 'examples/azora/app';

export const DEMO_BAKES: readonly string[] = ['5 seconds', '4 seconds', '4 seconds'];

/** Where the migrations of a version, or of its faulty build, are. */
export const migrationsOf = (versions: Versions, version: string, fault: string | undefined): string => {
  const of = fault === undefined ? undefined : versions.faults[fault]?.migrations;
  return `${APPLICATION}/${of ?? versions.versions[version]?.migrations ?? 'migrations'}`;
};

/**
 * What the demo lays over `sluice:app`: minutes become seconds, and images are built by the sandbox. Everything
 * else is the stack's own file.
 */
export const demoOverlay = (
  app: Pick<App, 'stages' | 'rollout'>,
  bakes: readonly string[],
  migrations?: string,
): Record<string, unknown> => ({
  images: { build: 'the sandbox builds' },
  ...(app.rollout === 'direct'
    ? {}
    : {
        stages: app.stages.map((s, i) => ({
          name: s.name,
          traffic: `${s.traffic} %`,
          bake: bakes[i] ?? bakes.at(-1) ?? '5 seconds',
        })),
      }),
  health: { interval: '1 second', timeout: '1 second', startDelay: '100 ms', retries: 10, failures: 3 },
  gate: { window: '1 second', burst: '1 second', warmup: '1 second', noDataFor: '5 seconds' },
  ...(migrations === undefined
    ? {}
    : {
        database: {
          migrations: {
            command: `npx dbmate --migrations-dir ${migrations} --no-dump-schema up`,
            directory: migrations,
          },
        },
      }),
});
