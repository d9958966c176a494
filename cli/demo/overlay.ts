import type { App, Database } from '../../config/types.ts';
import { formatDuration, parseDuration } from '../../config/units.ts';
import { applicationPath, DEFAULT_EXAMPLE, type Example } from './example.ts';

/** Folder of the application that the sandbox runs where none is named, from the repository's root. */
export const APPLICATION = applicationPath(DEFAULT_EXAMPLE);

export const DEMO_BAKES: readonly string[] = ['5 seconds', '4 seconds', '4 seconds'];

/** Where the migrations of a version, or of its faulty build, are. */
export const migrationsOf = (
  { versions, path }: Pick<Example, 'versions' | 'path'>,
  version: string,
  fault: string | undefined,
): string => {
  const of = fault === undefined ? undefined : versions.faults[fault]?.migrations;
  return `${path}/${of ?? versions.versions[version]?.migrations ?? 'migrations'}`;
};

/** Seconds instead of minutes; what is shorter in the stack file stays as it is. */
const shortened = (bake: number, to: string): string => formatDuration(Math.min(bake, parseDuration(to)));

/**
 * What the demo lays over `sluice:app`: minutes become seconds, and images are built by the sandbox. Everything
 * else is the stack's own file.
 */
export const demoOverlay = (
  app: Pick<App, 'stages' | 'rollout' | 'database'>,
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
          bake: shortened(s.bake, bakes[i] ?? bakes.at(-1) ?? '5 seconds'),
        })),
      }),
  health: { interval: '1 second', timeout: '1 second', startDelay: '100 ms', retries: 10, failures: 3 },
  smoke: { interval: '1 second' },
  gate: { window: '1 second', burst: '1 second', warmup: '1 second', noDataFor: '5 seconds' },
  ...(migrations === undefined || app.database === undefined
    ? {}
    : { database: { migrations: migrationsAt(app.database.migrations, migrations) } }),
});

/** The stack's own command, with another version's folder in it. */
const migrationsAt = (
  { command, directory }: Database['migrations'],
  folder: string,
): { readonly command: string; readonly directory: string } => ({
  command: directory === undefined ? command : command.replaceAll(directory, folder),
  directory: folder,
});
