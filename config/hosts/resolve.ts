import type { WrittenHosts } from './schema.ts';
import type { Container, ContainerHealth, HostsTarget } from './types.ts';

type WrittenContainer = WrittenHosts['services'][string];

const healthOf = ({ health }: WrittenContainer): ContainerHealth | undefined => {
  if (health === undefined) return undefined;
  const { http, command, interval, timeout, retries, startPeriod } = health;
  const test = http === undefined ? { command: command ?? 'true' } : { http };
  return { test, interval, timeout, retries, startPeriod };
};

const containerOf = (written: WrittenContainer): Container => ({
  image: written.image,
  command: written.command,
  cpu: written.cpu ?? 512,
  memory: written.memory ?? 512,
  port: written.port,
  settings: written.settings,
  environment: written.environment,
  health: healthOf(written),
  volumes: written.volumes,
  networks: written.networks,
  needs: written.needs,
  labels: written.labels,
  publish: written.publish,
  publishGreen: written.publishGreen,
  grace: written.grace,
  capabilities: written.capabilities,
});

/** Fills in what follows from other settings. */
export const resolveHosts = (
  written: WrittenHosts,
  app: { readonly application: string; readonly environment: string; readonly url: string },
): HostsTarget => {
  const path = written.path ?? `/srv/${app.application}`;
  return {
    kind: 'hosts',
    machines: written.machines,
    path,
    services: Object.fromEntries(
      Object.entries(written.services).map(([name, container]) => [name, containerOf(container)]),
    ),
    networks: written.networks,
    volumes: written.volumes,
    files: written.files,
    settings: Object.entries(written.settings).map(([name, values]) => ({ name, values })),
    envFile: written.envFile ?? `.env.${app.environment}`,
    manifest: written.manifest,
    startDelay: written.startDelay,
    health: written.health,
    afterStart: written.afterStart,
    timeouts: written.timeouts,
    diskFree: written.diskFree,
    keep: written.keep,
    checks: {
      ...written.checks,
      frontendContains: written.checks.frontendContains,
      corsOrigin: written.checks.corsOrigin ?? app.url,
    },
    proxy:
      written.proxy === undefined
        ? undefined
        : { ...written.proxy, config: written.proxy.config ?? `${path}/nginx.conf` },
  };
};
