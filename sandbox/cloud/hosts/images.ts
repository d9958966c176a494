import { fileURLToPath } from 'node:url';
import type { Registry } from '../registry.ts';
import type { Program } from './container.ts';

const STAND_INS = fileURLToPath(new URL('images', import.meta.url));

/** Images that the application does not build: what stands for them on this machine. */
const PINNED: Readonly<Record<string, readonly string[]>> = {
  postgres: [],
  redis: ['node', 'redis.js'],
  'prom/prometheus': ['node', 'monitor.js', 'prometheus'],
  'grafana/grafana': ['node', 'monitor.js', 'grafana'],
};

const repositoryOf = (reference: string): string =>
  (reference.split('@')[0] ?? '').replace(/^docker\.io\/(?:library\/)?/, '').replace(/:[\w.-]+$/, '');

/** PostgreSQL is the cloud's own: its container has no process here. */
export const isPostgres = (reference: string): boolean => repositoryOf(reference) === 'postgres';

/** What an image runs; undefined when it is in no registry. */
export const programOf = (reference: string, registry: Registry): Program | undefined => {
  const pinned = PINNED[repositoryOf(reference)];
  if (pinned !== undefined)
    return { directory: STAND_INS, main: pinned.length === 0 ? undefined : pinned, environment: {} };
  const image = registry.find(reference);
  if (image === undefined) return undefined;
  return { directory: image.directory, main: ['node', 'main.js'], environment: image.environment };
};
