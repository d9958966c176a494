/**
 * What a task is told: environment variables, all of them, and nothing else. The program's command resources and
 * the workflow jobs set them; `sluice task <kind>` reads them. Durations are milliseconds, JSON is plain JSON.
 *
 * | variable | tasks | meaning |
 * |---|---|---|
 * | SLUICE_APPLICATION | all | application's name |
 * | SLUICE_ENVIRONMENT | all | environment's name |
 * | SLUICE_DEPLOYMENT | all | deployment id; the id of what is to be done |
 * | SLUICE_VERSION | migrate, verify | version that is being released |
 * | SLUICE_DIR | all | working folder, default `.sluice`; logs go to `<dir>/logs/<deployment>/` |
 * | SLUICE_TIMEOUT | all | longest time the whole task may take, ms; none when absent |
 * | SLUICE_RECORD_BUCKET | migrate, smoke, record | bucket for the markers of what is done |
 * | SLUICE_BACKUP_BUCKET | backup, restore | bucket for backups |
 * | SLUICE_BACKUP_PREFIX | backup, restore | key prefix, default: the environment's name |
 * | SLUICE_BACKUP_VERIFY | backup | `scratch` (default): restored and compared; `checksum`: read back only |
 * | SLUICE_BACKUP_LOCK | backup | `governance`, `compliance` or `none` (default) |
 * | SLUICE_BACKUP_RETENTION | backup | how long a backup is locked, ms; needed unless the lock is `none` |
 * | SLUICE_DATABASE_SECRET | backup, migrate, restore | `<secret ARN>:<version id>` of the database's URL |
 * | SLUICE_SCRATCH_SECRET | backup | the same for the server of the scratch database; default: the database's own server |
 * | SLUICE_MIGRATION_COMMAND | migrate | any shell command; it gets DATABASE_URL, VERSION, SLUICE_DEPLOYMENT |
 * | SLUICE_MIGRATION_DIRECTORY | migrate | folder with the migration files, to name pending and failing ones |
 * | SLUICE_MIGRATION_AFTER | migrate | command to run after the migration succeeded |
 * | SLUICE_RUNS | backup, migrate | `task`: the migration runs in the network, beside a service of the new slot; `runner` (default): here |
 * | SLUICE_CLUSTER, SLUICE_TASK_DEFINITION | migrate, as a task | where, and the definition of that service |
 * | SLUICE_SUBNETS, SLUICE_SECURITY_GROUPS | migrate, as a task | its ids, with commas |
 * | SLUICE_TASK_PUBLIC | migrate, as a task | `true`: its subnets lead out by addresses of the tasks' own |
 * | SLUICE_DATABASE_URL_NAME | migrate | name the command expects the URL under, beside DATABASE_URL |
 * | SLUICE_HEALTH_TARGETS | verify | JSON: [{service, url, critical, version, headers?}]; version null: not checked |
 * | SLUICE_FUNCTION_TARGETS | verify | in their place, for functions: JSON: [{service, function (ARN of a version), critical, version, image, tests}] |
 * | SLUICE_HEALTH_INTERVAL, SLUICE_HEALTH_TIMEOUT, SLUICE_HEALTH_START_DELAY | verify | ms, default 10000, 5000, 0 |
 * | SLUICE_HEALTH_RETRIES | verify | tries per service, default 15 |
 * | SLUICE_LEASE_BUCKET | smoke, record | bucket with the journals: what the engine walks through it tests and records itself |
 * | SLUICE_SMOKE_TESTS | smoke | JSON: [{name, method, url, headers, body?, status, contains?, within, critical}] |
 * | SLUICE_SMOKE_RETRIES, SLUICE_SMOKE_INTERVAL, SLUICE_SMOKE_ON_FAILURE | smoke | further tries; ms between them; `rollback` or `report` |
 * | SLUICE_RELEASE_FACTS | record | JSON: what the update knows of the deployment (release/core/records/direct.ts) |
 * | AWS_REGION, AWS_ENDPOINT_URL_S3, AWS_… | backup, migrate, restore | read by the AWS SDK itself |
 */
import { join } from 'node:path';
import { logName, type LogKind } from '../../release/core/records/names.ts';
import { badInput, type Problem } from '../../lib/errors.ts';
import { DEPLOYMENT_ID } from '../../lib/ids.ts';
import type { SecretReference } from '../../config/release.types.ts';

export const VARIABLES = {
  application: 'SLUICE_APPLICATION',
  environment: 'SLUICE_ENVIRONMENT',
  deployment: 'SLUICE_DEPLOYMENT',
  version: 'SLUICE_VERSION',
  directory: 'SLUICE_DIR',
  timeout: 'SLUICE_TIMEOUT',
  recordBucket: 'SLUICE_RECORD_BUCKET',
  leaseBucket: 'SLUICE_LEASE_BUCKET',
  backupBucket: 'SLUICE_BACKUP_BUCKET',
  backupPrefix: 'SLUICE_BACKUP_PREFIX',
  backupVerify: 'SLUICE_BACKUP_VERIFY',
  backupLock: 'SLUICE_BACKUP_LOCK',
  backupRetention: 'SLUICE_BACKUP_RETENTION',
  databaseSecret: 'SLUICE_DATABASE_SECRET',
  scratchSecret: 'SLUICE_SCRATCH_SECRET',
  migrationCommand: 'SLUICE_MIGRATION_COMMAND',
  migrationDirectory: 'SLUICE_MIGRATION_DIRECTORY',
  migrationAfter: 'SLUICE_MIGRATION_AFTER',
  runs: 'SLUICE_RUNS',
  cluster: 'SLUICE_CLUSTER',
  subnets: 'SLUICE_SUBNETS',
  securityGroups: 'SLUICE_SECURITY_GROUPS',
  taskDefinition: 'SLUICE_TASK_DEFINITION',
  taskPublic: 'SLUICE_TASK_PUBLIC',
  databaseUrlName: 'SLUICE_DATABASE_URL_NAME',
  healthTargets: 'SLUICE_HEALTH_TARGETS',
  functionTargets: 'SLUICE_FUNCTION_TARGETS',
  healthInterval: 'SLUICE_HEALTH_INTERVAL',
  healthTimeout: 'SLUICE_HEALTH_TIMEOUT',
  healthStartDelay: 'SLUICE_HEALTH_START_DELAY',
  healthRetries: 'SLUICE_HEALTH_RETRIES',
  smokeTests: 'SLUICE_SMOKE_TESTS',
  smokeRetries: 'SLUICE_SMOKE_RETRIES',
  smokeInterval: 'SLUICE_SMOKE_INTERVAL',
  smokeOnFailure: 'SLUICE_SMOKE_ON_FAILURE',
  releaseFacts: 'SLUICE_RELEASE_FACTS',
} as const;

export type TaskKind = 'backup' | 'migrate' | 'verify' | 'smoke' | 'record' | 'restore' | 'undo';
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads variables strictly and collects what is wrong, so that one message names everything that is missing. */
export interface Reader {
  text(name: string, meaning: string): string;
  optional(name: string): string | undefined;
  choice<T extends string>(name: string, allowed: readonly T[], otherwise: T): T;
  /** Whole number of at least `least`. */
  whole(name: string, otherwise: number | undefined, least?: number): number | undefined;
  deployment(): string;
  secret(name: string, meaning: string): SecretReference;
  optionalSecret(name: string): SecretReference | undefined;
  problem(p: Problem): void;
  /** Throws bad input (exit 2) naming everything that was wrong. */
  done(): void;
}

const NO_SECRET: SecretReference = { arn: '', version: '' };

/** `arn:…:secret:name-AbCdEf:<version>`: the last colon parts the version from the ARN. */
export const parseSecretReference = (text: string): SecretReference | undefined => {
  const match = /^(arn:[a-z0-9-]+:secretsmanager:[^:]*:[^:]*:secret:[^:\s]+):([A-Za-z0-9_-]+)$/.exec(text);
  return match?.[1] === undefined || match[2] === undefined
    ? undefined
    : { arn: match[1], version: match[2] };
};

export const formatSecretReference = (reference: SecretReference): string =>
  `${reference.arn}:${reference.version}`;

export const reader = (task: TaskKind, env: Environment): Reader => {
  const problems: Problem[] = [];
  const optional = (name: string): string | undefined => {
    const value = env[name]?.trim();
    return value === undefined || value === '' ? undefined : value;
  };
  const text = (name: string, meaning: string): string => {
    const value = optional(name);
    if (value === undefined) problems.push({ path: name, reason: `is missing: ${meaning}` });
    return value ?? '';
  };
  const parseSecret = (name: string, value: string): SecretReference => {
    const reference = parseSecretReference(value);
    if (reference === undefined) {
      // The value is not repeated: whoever puts the URL itself here would find it in the log.
      problems.push({
        path: name,
        reason: 'is no reference to a secret',
        allowed: '<secret ARN>:<version id>, never the value itself',
      });
    }
    return reference ?? NO_SECRET;
  };
  return {
    text,
    optional,
    choice: (name, allowed, otherwise) => {
      const value = optional(name) ?? otherwise;
      const found = allowed.find((a) => a === value);
      if (found === undefined)
        problems.push({ path: name, reason: 'is unknown', got: value, allowed: allowed.join(', ') });
      return found ?? otherwise;
    },
    whole: (name, otherwise, least = 0) => {
      const value = optional(name);
      if (value === undefined) return otherwise;
      if (/^\d{1,15}$/.test(value) && Number(value) >= least) return Number(value);
      problems.push({
        path: name,
        reason: 'is no whole number',
        got: value.slice(0, 40),
        allowed: `${least} or more`,
      });
      return otherwise;
    },
    deployment: () => {
      const value = text(VARIABLES.deployment, 'the deployment id');
      if (value !== '' && !DEPLOYMENT_ID.test(value)) {
        problems.push({
          path: VARIABLES.deployment,
          reason: 'is no deployment id',
          got: value.slice(0, 60),
          allowed: '<unix seconds>-<6 to 40 hex digits of the commit>',
        });
      }
      return value;
    },
    secret: (name, meaning) => {
      const value = text(name, meaning);
      return value === '' ? NO_SECRET : parseSecret(name, value);
    },
    optionalSecret: (name) => {
      const value = optional(name);
      return value === undefined ? undefined : parseSecret(name, value);
    },
    problem: (p) => void problems.push(p),
    done: () => {
      if (problems.length > 0) {
        throw badInput(
          `sluice task ${task} cannot start:`,
          problems,
          'the stack sets these variables for its own commands; by hand: sluice task --help',
        );
      }
    },
  };
};

const LOGS: Readonly<Record<TaskKind, LogKind>> = {
  backup: 'backup',
  migrate: 'migration',
  verify: 'health',
  smoke: 'smoke',
  record: 'rollout',
  restore: 'rollback',
  undo: 'rollback',
};

/** `<dir>/logs/<deployment>/backup-logs-<deployment>.log`: the file that the release engine keeps, under its name. */
export const logPath = (directory: string, deployment: string, kind: TaskKind): string =>
  join(directory, 'logs', deployment, `${logName(LOGS[kind], deployment, 'staged')}.log`);
