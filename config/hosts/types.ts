import type { App } from '../types.ts';

/**
 * An application that runs by docker compose on hosts reached over SSH: `sluice:app` with its section `hosts`.
 * Units as in ../types.ts: durations are milliseconds, memory is MiB, CPU is 1024 for one vCPU.
 */

/** `sluice:app.hosts`: machines in the order in which a release reaches them, and what their containers need. */
export interface HostsTarget {
  readonly kind: 'hosts';
  readonly machines: Readonly<Record<string, Host>>;
  /** Folder of the application on every host. */
  readonly path: string;
  /** Every container: those of `sluice:app.services`, and those with an image of their own. */
  readonly services: Readonly<Record<string, Container>>;
  /** Network → whether it has no way out of the host. */
  readonly networks: Readonly<Record<string, { readonly internal: boolean }>>;
  readonly volumes: readonly string[];
  /** Files of the release that containers mount: name → text. */
  readonly files: Readonly<Record<string, string>>;
  readonly settings: readonly SettingGroup[];
  /** File below `path` with the values of secret settings; kept by people, never rendered. */
  readonly envFile: string;
  /** File below `path` that says what runs there. */
  readonly manifest: string;
  /** Wait after start-up before anything is asked. */
  readonly startDelay: number;
  readonly health: {
    readonly retries: number;
    readonly interval: number;
    readonly timeout: number;
    /** Asked on the host itself: name → address. */
    readonly endpoints: Readonly<Record<string, string>>;
  };
  /** In order, inside running containers, after the start: migrations, static files. */
  readonly afterStart: readonly AfterStart[];
  readonly timeouts: PhaseTimeouts;
  /** Free space below which nothing is pulled. MiB. */
  readonly diskFree: number;
  /** Releases whose files stay on the host. */
  readonly keep: number;
  readonly checks: CheckAddresses;
  /** The host's own web server, in front of the containers. */
  readonly proxy: { readonly listen: number; readonly config: string; readonly reload: string } | undefined;
}

/** What of an application its files on a host are made from. */
export type HostsApp = Pick<
  App,
  'application' | 'environment' | 'url' | 'strategy' | 'rollout' | 'smoke' | 'maintenance'
> & {
  readonly target: HostsTarget;
};

export interface Host {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Name in the runner's environment that holds the private key. */
  readonly key: string;
  /** The server's public key as `ssh-keyscan` prints it, without the address: `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
}

/** What a container needs beside what a release freezes of its service. */
export interface Container {
  /** `name[:tag]@sha256:…`: pinned, the same in every release. Undefined: the release says which digest. */
  readonly image: string | undefined;
  /** This and the three below: of pinned images; a release freezes those of its services. */
  readonly command: readonly string[] | undefined;
  readonly cpu: number;
  readonly memory: number;
  readonly port: number | undefined;
  /** Groups of settings that it gets. */
  readonly settings: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Undefined: that of the web service, asked by HTTP; none for others. */
  readonly health: ContainerHealth | undefined;
  /** Named volume, or a file of the release (`./prometheus.yml`) → path inside. */
  readonly volumes: Readonly<Record<string, string>>;
  readonly networks: readonly string[];
  /** Services that must be up first; those with a health check must be healthy. */
  readonly needs: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Port of the host's loopback address that leads to it. */
  readonly publish: number | undefined;
  /** The same for the second slot. */
  readonly publishGreen: number | undefined;
  /** Time from SIGTERM to SIGKILL. */
  readonly grace: number;
  /** Given back after `cap_drop: [ALL]`. */
  readonly capabilities: readonly string[];
}

export interface ContainerHealth {
  readonly test: { readonly http: string } | { readonly command: string };
  readonly interval: number;
  readonly timeout: number;
  readonly retries: number;
  readonly startPeriod: number;
}

/** Settings of one subject; the env example has them under one heading. */
export interface SettingGroup {
  readonly name: string;
  readonly values: Readonly<Record<string, SettingValue>>;
}
export type SettingValue =
  { readonly kind: 'plain'; readonly value: string } | { readonly kind: 'secret'; readonly note: string };

export interface AfterStart {
  readonly name: string;
  readonly service: string;
  readonly command: string;
}

export interface PhaseTimeouts {
  readonly prepare: number;
  readonly validate: number;
  readonly deploy: number;
  readonly health: number;
  readonly smoke: number;
}

/** What `sluice validate` asks below the public address. */
export interface CheckAddresses {
  readonly health: string;
  readonly frontend: string;
  /** Text that the front page must contain. */
  readonly frontendContains: string | undefined;
  readonly readiness: string;
  readonly auth: string;
  /** Answers of the auth endpoint without a login that are right. */
  readonly authStatus: readonly number[];
  readonly static: string;
  /** Origin that must be allowed. */
  readonly corsOrigin: string;
  /** Longest answer time of the health endpoint. */
  readonly within: number;
  /** For each check that asks over the network. */
  readonly timeout: number;
}
