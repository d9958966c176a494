import type { Slot } from '../release.types.ts';
import { composeFile, projectName, secretsOf, servicesOf, settingsFile } from './compose.ts';
import { proxyFile } from './proxy.ts';
import type { HostsApp } from './types.ts';

/** What the script on the host must know of a release, as `name=value` lines that it reads and never executes. */
const planFile = (app: HostsApp, slot: Slot): string => {
  const { target } = app;
  const values: Readonly<Record<string, string | number>> = {
    version: slot.version,
    parts: 'all',
    active: 'all',
    released: 'all',
    project_all: projectName(app),
    services_all: servicesOf(app, slot, 'all').join(' '),
    env_file: target.envFile,
    secrets: Object.keys(secretsOf(app)).join(' '),
    manifest: target.manifest,
    disk_free: target.diskFree,
    keep: target.keep,
    start_delay: target.startDelay,
    deploy_timeout: Math.ceil(target.timeouts.deploy / 1000),
    health_timeout: Math.ceil(target.health.timeout / 1000),
    health_limit: Math.ceil(target.timeouts.health / 1000),
    health_retries: target.health.retries,
    health_interval: target.health.interval,
    proxy: target.proxy?.config ?? '',
    reload: target.proxy?.reload ?? '',
  };
  return `${Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`;
};

const lines = (rows: readonly (readonly string[])[]): string =>
  rows.map((row) => `${row.join(' ')}\n`).join('');

/** What runs there, for people and for `sluice validate`. */
const manifest = (app: HostsApp, slot: Slot): string =>
  `${JSON.stringify(
    {
      application: app.application,
      environment: app.environment,
      version: slot.version,
      deployment: slot.deployment,
      plannedAt: new Date(Number.parseInt(slot.deployment, 10) * 1000).toISOString(),
      services: Object.fromEntries(Object.entries(slot.services).map(([name, s]) => [name, s.image])),
    },
    undefined,
    2,
  )}\n`;

/** Everything that a host holds of a release: name → text. Pure, and free of secrets. */
export const releaseFiles = (app: HostsApp, slot: Slot): Record<string, string> => ({
  ...app.target.files,
  plan: planFile(app, slot),
  'compose.all.yaml': composeFile(app, slot, 'all'),
  'settings.env': settingsFile(app),
  'manifest.json': manifest(app, slot),
  endpoints: lines(Object.entries(app.target.health.endpoints)),
  after: lines(app.target.afterStart.map((a) => [a.name, a.service, a.command])),
  ...(app.target.proxy === undefined
    ? {}
    : {
        'proxy.conf': proxyFile(app, { slots: { blue: slot }, traffic: { blue: 100, green: 0 }, tokens: {} }),
      }),
});

/** A shell script that writes files below a folder; whole or not at all. */
export const installScript = (
  root: string,
  folder: string,
  files: Readonly<Record<string, string>>,
  script: string,
): string => {
  const put = (path: string, text: string): string => {
    const end = `SLUICE_${text.length}_END`;
    if (text.split('\n').includes(end)) throw new Error(`a file holds the line ${end}`);
    return `cat >"${path}" <<'${end}'\n${text.endsWith('\n') ? text : `${text}\n`}${end}`;
  };
  const full = `|| { echo 'the disk is full, or ${root} cannot be written' >&2; exit 3; }`;
  return `${[
    'set -u',
    'umask 077',
    `root="${root}"`,
    `mkdir -p "$root/sluice" "$root/${folder}" ${full}`,
    'set -e',
    ...Object.entries(files).map(([name, text]) => put(`$root/${folder}/${name}`, text)),
    put('$root/sluice/host.sh.new', script),
    'mv "$root/sluice/host.sh.new" "$root/sluice/host.sh"',
  ].join('\n')}\n`;
};
