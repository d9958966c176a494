import type { JobKind } from '../config/github.ts';
import { changeNetwork, changeServices } from './permissions/change.ts';
import {
  backupStatements,
  neverStatements,
  pushStatements,
  recordStatements,
  secretStatements,
  taskStatements,
  watchStatements,
} from './permissions/data.ts';
import { logGroups, lookStatements } from './permissions/look.ts';
import { ecrArns, secretArns, type Ground } from './permissions/names.ts';
import { stateStatements } from './permissions/state.ts';
import { actions, allow, type Statement } from './permissions/statement.ts';

export { boundaryName, ecrRepositories, type Ground } from './permissions/names.ts';
export { POLICY_LIMIT, policyText, type Statement } from './permissions/statement.ts';

/** Policies that several roles of one environment have. */
export type SharedPolicy = 'look' | 'network' | 'services';
export const SHARED_POLICIES: readonly SharedPolicy[] = ['look', 'network', 'services'];

export const planShared = (ground: Ground): Readonly<Record<SharedPolicy, readonly Statement[]>> => ({
  look: lookStatements(ground),
  network: changeNetwork(ground),
  services: changeServices(ground),
});

export interface Permissions {
  /** Policies that it has with other roles. */
  readonly shared: readonly SharedPolicy[];
  /** What it has for itself. */
  readonly own: readonly Statement[];
}

/** What a role of one kind of job may do in one environment: what its commands ask for, on the names they have. */
export const planPermissions = (kind: JobKind, ground: Ground): Permissions => {
  const never = neverStatements(ground);
  const update = [...stateStatements(ground, 'change'), ...recordStatements(ground)];
  const data = [...backupStatements(ground), ...secretStatements(ground), ...taskStatements(ground)];
  switch (kind) {
    case 'preview':
    case 'drift':
      return { shared: ['look'], own: [...stateStatements(ground, 'look'), ...never] };
    case 'tidy':
      // It also looks at what came of the last release.
      return { shared: SHARED_POLICIES, own: [...update, ...watchStatements(ground), ...never] };
    case 'backup':
      return {
        shared: ['look'],
        own: [...stateStatements(ground, 'look'), ...recordStatements(ground), ...data, ...never],
      };
    case 'rollback':
      return { shared: SHARED_POLICIES, own: [...update, ...data, ...watchStatements(ground), ...never] };
    case 'deploy':
      return {
        shared: SHARED_POLICIES,
        own: [...update, ...data, ...watchStatements(ground), ...pushStatements(ground), ...never],
      };
    default:
      return kind satisfies never;
  }
};

/** The most that a service's roles can ever do: start its tasks, write its log, read the application's secrets. */
export const planBoundary = (ground: Ground): readonly Statement[] => {
  const repositories = ecrArns(ground);
  const secrets = secretArns(ground, Object.keys(ground.app.secrets));
  return [
    allow('Log', actions('logs', 'CreateLogStream PutLogEvents'), [`${logGroups(ground)}:*`]),
    ...(secrets.length === 0 ? [] : [allow('Secrets', ['secretsmanager:GetSecretValue'], secrets)]),
    ...(repositories.length === 0
      ? []
      : [
          allow('Login', ['ecr:GetAuthorizationToken'], ['*']),
          allow(
            'Pull',
            actions('ecr', 'BatchCheckLayerAvailability BatchGetImage GetDownloadUrlForLayer'),
            repositories,
          ),
        ]),
  ];
};
