/** Kinds of log that a deployment writes. */
export type LogKind = 'backup' | 'migration' | 'build' | 'rollout' | 'health' | 'smoke' | 'rollback';
export const LOG_KINDS: readonly LogKind[] = [
  'backup',
  'migration',
  'build',
  'rollout',
  'health',
  'smoke',
  'rollback',
];

/** Staged releases keep Azora's production names, direct ones its staging names (requirement E3). */
export type NameStyle = 'staged' | 'direct';

const STAGED: Readonly<Record<LogKind, string>> = {
  backup: 'backup-logs',
  migration: 'migration-logs',
  build: 'build-logs',
  rollout: 'rollout-logs',
  health: 'health-check-logs',
  smoke: 'smoke-test-logs',
  rollback: 'rollback-logs',
};
const DIRECT: Readonly<Record<LogKind, string>> = {
  ...STAGED,
  build: 'docker-build',
  rollout: 'deployment-logs',
  smoke: 'deployment',
};

/** Name without extension: `<kind>-<deployment id>`. */
export const logName = (kind: LogKind, deployment: string, style: NameStyle): string =>
  `${(style === 'staged' ? STAGED : DIRECT)[kind]}-${deployment}`;

export const recordName = (deployment: string): string => `deployment-record-${deployment}.json`;
export const instructionsName = (deployment: string): string => `rollback-instructions-${deployment}.md`;
export const incidentName = (deployment: string): string => `incident-report-${deployment}.md`;
export const watchName = (deployment: string): string => `watch-report-${deployment}.md`;
export const reportName = (deployment: string): string => `deployment-failure-report-${deployment}.md`;

/** Keys in the record bucket. */
export const recordKey = (environment: string, deployment: string): string =>
  `records/${environment}/${deployment}.json`;
export const documentKey = (environment: string, name: string): string => `documents/${environment}/${name}`;
export const logKey = (environment: string, name: string): string => `logs/${environment}/${name}.log`;
/** Written by the program: every completed release, resolved. */
export const releaseKey = (environment: string, serial: number): string =>
  `releases/${environment}/${serial}.json`;
