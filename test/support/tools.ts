import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const runs = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');

const find = (command: string, given: string | undefined, more: string): string | undefined =>
  [given, ...(process.env['PATH'] ?? '').split(delimiter).map((d) => join(d, command)), more].find(
    (file) => file !== undefined && file !== '' && runs(file),
  );

/** moto's server: `SLUICE_MOTO`, on the PATH, or where `.ci/moto` puts it. */
export const findMoto = (): string | undefined =>
  find('moto_server', process.env['SLUICE_MOTO'], join(cache, 'sluice-moto/path/moto_server'));

/** Prometheus: `SLUICE_PROMETHEUS`, on the PATH, or where `.ci/prometheus` puts it. */
export const findPrometheus = (): string | undefined =>
  find('prometheus', process.env['SLUICE_PROMETHEUS'], join(cache, 'sluice-prometheus/bin/prometheus'));

/** What reads compose files for real: docker with its compose plugin, or the parser that it is built on. */
export type ComposeTool = { readonly kind: 'docker' } | { readonly kind: 'parser'; readonly file: string };

/** docker compose itself; else `SLUICE_COMPOSE`, on the PATH, or where `.ci/compose` puts it. */
export const findCompose = (): ComposeTool | undefined => {
  try {
    execFileSync('docker', ['compose', 'version'], { stdio: 'ignore' });
    return { kind: 'docker' };
  } catch {
    const folder = join(cache, 'sluice-compose/v2.9.1/compose-config');
    const file = find('compose-config', process.env['SLUICE_COMPOSE'], folder);
    return file === undefined ? undefined : { kind: 'parser', file };
  }
};
