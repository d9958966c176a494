/**
 * The resolved configuration: what `sluice:app` means after units are read and defaults filled in.
 * One vocabulary for the program, the engine and the command line. The schema (app.ts) produces it.
 *
 * Units in resolved values: durations are milliseconds, shares are percent (0 to 100), memory is MiB,
 * CPU is AWS CPU units (1024 = 1 vCPU), sizes are bytes.
 */

import type { HostsTarget } from './hosts/types.ts';
import type { MaintenanceSettings } from './maintenance.ts';
import type { FunctionSettings, LambdaTarget } from './lambda/types.ts';

export type SlotName = 'blue' | 'green';
export const SLOTS: readonly SlotName[] = ['blue', 'green'];

export interface App {
  /** Short name, `[a-z][a-z0-9-]*`; prefix of every cloud name. */
  readonly application: string;
  /** `staging`, `production` or any other name: one stack each. */
  readonly environment: string;
  /** `direct`: a plain `pulumi up` deploys. `staged`: the engine walks the plan. */
  readonly rollout: 'direct' | 'staged';
  /** Where the services run; from the section that is there. */
  readonly target: Target;
  /**
   * `canary`: the new version comes up beside the old one and gets traffic by `stages`. `blueGreen`: the same with one stage
   * of 100 %. `rolling`: one slot, replaced in place step by step.
   */
  readonly strategy: Strategy;
  /** Public address without a trailing slash, e.g. `https://azora.world`. */
  readonly url: string;
  /** `owner/name` on GitHub, where there is one. */
  readonly repository: string | undefined;
  readonly team: { readonly name: string; readonly onCall: string };
  readonly network: Network;
  readonly loadBalancer: LoadBalancer;
  readonly cluster: {
    readonly existing: string | undefined;
    /** ARN of the policy that bounds the roles of services: whoever deploys can make no stronger ones. */
    readonly permissionsBoundary?: string;
  };
  readonly images: ImageSettings;
  readonly services: Readonly<Record<string, Service>>;
  /** Name in the services' environment → name or ARN of the secret in AWS Secrets Manager. Values never appear. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly database: Database | undefined;
  readonly buckets: Buckets;
  readonly stages: readonly Stage[];
  readonly health: HealthSettings;
  readonly gate: GateSettings;
  readonly smoke: SmokeSettings;
  readonly checks: CheckSettings;
  readonly approval: ApprovalSettings;
  readonly rollback: RollbackSettings;
  readonly backups: BackupSchedule;
  readonly timeouts: Timeouts;
  readonly notifications: readonly Notification[];
  /** What users are told while the application is closed (C7). */
  readonly maintenance: MaintenanceSettings;
  /** Watching after a release (D13). */
  readonly watch: { readonly for: number };
  /** Freeze windows: no release starts inside. Cron-free: ISO intervals `from/to`. */
  readonly freeze: readonly { readonly from: string; readonly to: string; readonly reason: string }[];
}

export type Strategy = 'canary' | 'blueGreen' | 'rolling';

/** Each kind is a target; see docs/adding-a-target.md. */
export type Target = { readonly kind: 'ecs' } | LambdaTarget | HostsTarget;

export type Network =
  | {
      readonly kind: 'new';
      readonly cidr: string;
      readonly zones: number;
      readonly natGateways: 'none' | 'one' | 'perZone';
    }
  | {
      readonly kind: 'existing';
      readonly vpcId: string;
      readonly publicSubnetIds: readonly string[];
      readonly privateSubnetIds: readonly string[];
    };

export type LoadBalancer =
  | {
      readonly kind: 'new';
      /** ACM certificate for the HTTPS listener. Without one a certificate for the url's host is requested. */
      readonly certificateArn: string | undefined;
      readonly zoneId: string | undefined;
      readonly internal: boolean;
      /** Listener rules that may be used; AWS's default quota is 100. */
      readonly maxRules: number;
      readonly allowedCidrs: readonly string[];
    }
  | {
      readonly kind: 'existing';
      readonly arn: string;
      readonly listenerArn: string;
      readonly securityGroupId: string;
      readonly maxRules: number;
    };

export interface ImageSettings {
  /** Where images live; `{service}` is replaced by the service's name, e.g. `docker.io/azora/{service}`. */
  readonly repository: string;
  readonly registry: 'ecr' | 'dockerhub' | 'ghcr' | 's3';
  /** `build`: built for this environment (AZP). `promote`: the digests that staging ran (RUN, LAM). */
  readonly artifacts: 'build' | 'promote';
  /** Command that builds and pushes all images of `$VERSION`; undefined where another pipeline does. */
  readonly build: string | undefined;
}

export interface Service {
  /** `web`: gets a share of users' traffic. `worker`: gets none. */
  readonly kind: 'web' | 'worker';
  /** Listener path patterns (`/api/*`), longest first when matched. Empty for workers. */
  readonly paths: readonly string[];
  readonly port: number;
  readonly cpu: number;
  readonly memory: number;
  readonly replicas: number;
  readonly critical: boolean;
  readonly environment: Readonly<Record<string, string>>;
  /** Names from `App.secrets` that this service receives. */
  readonly secrets: readonly string[];
  readonly health: ServiceHealth;
  /** Fixed listener-rule priority of the production rule; undefined: planned from the path. */
  readonly priority: number | undefined;
  readonly command: readonly string[] | undefined;
  /** Only where the services are functions. */
  readonly function?: FunctionSettings;
}

export interface ServiceHealth {
  /** `GET` path that answers `{"status":"healthy","version":…}` below the service itself, e.g. `/health`. */
  readonly path: string;
  /** The same from outside, through the load balancer, e.g. `/api/health`. */
  readonly publicPath: string;
  /** Whether the answer must carry the release's version. */
  readonly version: boolean;
}

export interface Database {
  readonly engine: 'postgres';
  /** Name in `App.secrets` that holds the connection URL. */
  readonly url: string;
  /** `runner`: the machine that runs sluice reaches the database. `task`: only tasks in the network do: migrations run in one, with the new image. */
  readonly runs: 'runner' | 'task';
  readonly migrations: {
    /** Any command; `DATABASE_URL`, `VERSION` and `SLUICE_DEPLOYMENT` are in its environment. */
    readonly command: string;
    /** Folder with the migration files, to name pending and failing ones. */
    readonly directory: string | undefined;
    readonly when: 'besideBuild' | 'beforeBuild' | 'beforeTraffic' | 'afterStart';
    readonly after: string | undefined;
    /** Command that undoes migrations: what `command` gets, with `VERSION` as the one gone back to, and `MIGRATIONS`: names, newest first, one a line. */
    readonly back?: string | undefined;
    /** Users are sent to the maintenance page from before the backup until the new version has traffic. */
    readonly maintenance: boolean;
  };
  readonly backup: {
    readonly enabled: boolean;
    /** Key prefix in the backup bucket: `<prefix>/backup-<deployment id>.sql.gz`. */
    readonly prefix: string;
    /** Where the backup is restored and compared; `scratch`: a database beside the original on the same server. */
    readonly verify: 'scratch' | 'checksum';
    /** Secret name of another server for the scratch database; undefined: the same server. */
    readonly scratchUrl: string | undefined;
  };
}

export interface Buckets {
  /** Bucket names; undefined: named by the program from application, environment and kind. */
  readonly backup: string | undefined;
  readonly record: string | undefined;
  readonly lease: string | undefined;
  /** How long backups and records are locked. */
  readonly retention: number;
  /** Age at which objects move to cold storage. */
  readonly coldAfter: number;
  readonly lock: 'governance' | 'compliance' | 'none';
}

export interface Stage {
  readonly name: string;
  /** Share of traffic of the new version, in percent, 0 < traffic <= 100. */
  readonly traffic: number;
  /** How long the share is held. */
  readonly bake: number;
}

export interface HealthSettings {
  /** During a release. */
  readonly interval: number;
  readonly timeout: number;
  /** Wait after start-up before the first probe counts. */
  readonly startDelay: number;
  /** Tries while a slot comes up. */
  readonly retries: number;
  /** Failures in a row that fail the gate. */
  readonly failures: number;
  /** Steady state, outside releases. */
  readonly steadyInterval: number;
}

export interface GateSettings {
  /** `statistics`: errors and latency are compared with the stable version. `health`: probes alone decide. */
  readonly mode: 'statistics' | 'health';
  /** Highest chance, in percent, that a healthy release is rolled back by statistics. */
  readonly falseRollbacks: number;
  readonly errors: {
    readonly enabled: boolean;
    readonly notWorseThan: number;
    readonly atLeastPerMinute: number;
  };
  readonly latency: {
    readonly enabled: boolean;
    readonly slowerThan: 'p95' | 'p99' | number;
    readonly notWorseThan: number;
  };
  /** Width of a window; undefined: chosen from the traffic, 10 s to 60 s. */
  readonly window: number | undefined;
  /** Longest burst of errors from one cause that the bound covers. */
  readonly burst: number;
  /** Left out at the start of each release, rounded up to windows; undefined: one window, none at 60 s. */
  readonly warmup: number | undefined;
  /** How long missing counts are waited for before the release is rolled back. */
  readonly noDataFor: number;
  readonly onInconclusive: 'continue' | 'rollback' | 'ask';
  /** How many times its planned length a stage may last while evidence is missing; 3 unless set, 1: never longer. */
  readonly patience?: number;
  /** Service objectives in percent of requests: they decide at 100 %, where nothing is left to compare with. */
  readonly objectives?: { readonly errors?: number; readonly slow?: number };
  /** Share that stays with the stable version during the last stage, percent; undefined: no holdback. */
  readonly holdback: number | undefined;
  /** What a release may cost users: failed requests of the new version above stable's rate; undefined: no budget. */
  readonly budget: { readonly requests: number | undefined; readonly errorMinutes: number | undefined };
  /** Per service: the same settings, where they differ. */
  readonly services: Readonly<Record<string, Partial<Pick<GateSettings, 'mode' | 'errors' | 'latency'>>>>;
}

export interface SmokeTest {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'HEAD';
  /** Path below the public url. */
  readonly path: string;
  readonly status: readonly number[];
  readonly contains: string | undefined;
  readonly body: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Longest answer time. */
  readonly within: number;
  readonly critical: boolean;
}

export interface SmokeSettings {
  readonly tests: readonly SmokeTest[];
  readonly onFailure: 'rollback' | 'report';
  readonly retries: number;
  readonly interval: number;
}

export interface CheckSettings {
  readonly mode: 'require' | 'run';
  readonly level: 'quick' | 'enhanced';
  /** Names of required checks (`require`). */
  readonly required: readonly string[];
  /** Name → command (`run`). */
  readonly commands: Readonly<Record<string, string>>;
  /** Whether the version's git tag must exist. */
  readonly tag: boolean;
  /** Environment whose deployment of the same version must have succeeded; undefined: none. */
  readonly after: string | undefined;
}

export interface ApprovalSettings {
  readonly when: 'none' | 'first' | 'afterStaging';
  readonly reviewers: readonly string[];
  readonly timeout: number;
  /** Whether a yes of the person who started the deployment is refused; absent: it counts. */
  readonly preventSelfReview?: boolean;
}

export interface RollbackSettings {
  /** Manual rollback without override; the old slot stays warm as long. */
  readonly window: number;
  readonly database: 'ask' | 'never' | 'always';
}

export interface BackupSchedule {
  readonly every: number;
  readonly keep: number;
  readonly recoveryPoint: number;
  readonly recoveryTime: number;
}

export interface Timeouts {
  readonly deploy: number;
  readonly health: number;
  readonly rollback: number;
  readonly migrate: number;
  readonly backup: number;
}

export type NotificationEvent = 'approval' | 'success' | 'failure' | 'rolled_back';

export interface Notification {
  readonly to: 'slack' | 'telegram' | 'email' | 'pagerduty' | 'teams' | 'webhook';
  /** Name in the secret map or environment that holds the address. */
  readonly secret: string;
  readonly on: readonly NotificationEvent[];
  readonly channel: string | undefined;
}
