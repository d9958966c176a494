import type { Slot } from '../release.types.ts';
import type { SlotName } from '../types.ts';
import {
  composeFile,
  hasShared,
  type ComposePart,
  projectName,
  secretsOf,
  servicesOf,
  settingsFile,
} from './compose.ts';
import { smokeFiles } from './smoke.ts';
import { proxyFile } from './proxy.ts';
import type { HostsApp } from './types.ts';

/** In place all is one part; with two slots, what both share and the slot's own. */
const partsOf = (app: HostsApp, slot: SlotName | undefined): readonly ComposePart[] =>
  slot === undefined ? ['all'] : hasShared(app) ? ['shared', slot] : [slot];

/** What the script on the host must know of a release, as `name=value` lines that it reads and never executes. */
const planFile = (app: HostsApp, frozen: Slot, slot: SlotName | undefined): string => {
  const { target } = app;
  const parts = partsOf(app, slot);
  const seconds = (ms: number): number => Math.ceil(ms / 1000);
  const workers = Object.entries(frozen.services).filter(([, s]) => s.kind === 'worker');
  const rows: readonly (readonly [string, string | number])[] = [
    ['version', frozen.version],
    ['parts', parts.join(' ')],
    ['released', slot ?? 'all'],
    ...parts.flatMap((part) => [
      [`project_${part}`, projectName(app, part)] as const,
      [`services_${part}`, servicesOf(app, frozen, part).join(' ')] as const,
    ]),
    ['workers', workers.map(([name]) => name).join(' ')],
    ['env_file', target.envFile],
    ['secrets', Object.keys(secretsOf(app)).join(' ')],
    ['manifest', target.manifest],
    ['disk_free', target.diskFree],
    ['keep', target.keep],
    ['start_delay', target.startDelay],
    ['deploy_timeout', seconds(target.timeouts.deploy)],
    ['health_timeout', seconds(target.health.timeout)],
    ['health_retries', target.health.retries],
    ['health_interval', target.health.interval],
    ['smoke_timeout', seconds(target.timeouts.smoke)],
    ['smoke_retries', app.smoke.retries],
    ['smoke_interval', app.smoke.interval],
    ['proxy', slot === undefined ? (target.proxy?.config ?? '') : ''],
    ['reload', target.proxy?.reload ?? ''],
  ];
  return `${rows.map(([name, value]) => `${name}=${value}`).join('\n')}\n`;
};

/** Addresses as the host reaches them; of the slot green, on its own ports. */
const endpointsOf = ({ target }: HostsApp, slot: SlotName | undefined): [string, string][] => {
  const green = new Map(Object.values(target.services).map((s) => [String(s.publish), s.publishGreen]));
  return Object.entries(target.health.endpoints).map(([name, address]) => {
    const url = new URL(address);
    if (slot === 'green') url.port = String(green.get(url.port) ?? url.port);
    return [name, String(url)];
  });
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

/**
 * Everything that a host holds of a release: name → text. Pure, and free of secrets. `slot`: the one it is for, where
 * the host has two.
 */
export const releaseFiles = (app: HostsApp, frozen: Slot, slot?: SlotName): Record<string, string> => ({
  ...app.target.files,
  plan: planFile(app, frozen, slot),
  ...Object.fromEntries(
    partsOf(app, slot).map((part) => [`compose.${part}.yaml`, composeFile(app, frozen, part)]),
  ),
  'settings.env': settingsFile(app),
  'manifest.json': manifest(app, frozen),
  ...smokeFiles(app, frozen, slot),
  endpoints: lines(endpointsOf(app, slot)),
  after: lines(app.target.afterStart.map((a) => [a.name, a.service, a.command])),
  ...(app.target.proxy === undefined || slot !== undefined
    ? {}
    : {
        'proxy.conf': proxyFile(app, {
          slots: { blue: frozen },
          traffic: { blue: 100, green: 0 },
          tokens: {},
        }),
      }),
});

/**
 * A shell script that writes files below a folder. It stops at the first that cannot be written; nothing uses them before
 * it has ended well. `mounted` are read inside containers, by whatever user runs there.
 */
export const installScript = (
  root: string,
  folder: string,
  files: Readonly<Record<string, string>>,
  mounted: readonly string[],
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
    ...mounted.map((name) => `chmod 644 "$root/${folder}/${name}"`),
    put('$root/sluice/host.sh.new', script),
    'mv "$root/sluice/host.sh.new" "$root/sluice/host.sh"',
  ].join('\n')}\n`;
};
