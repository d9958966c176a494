import { roleArn, type JobKind } from '../config/github.ts';
import { environmentOf } from '../config/github/roles.ts';
import { expression, type Env, type RunStep, type Step, type UsesStep } from './model.ts';
import type { LogName } from './phases.ts';
import type { Target } from './settings.ts';

/** Node that the command line is tried with. */
const NODE = '24';

/** `commit`: expression of the one that is checked out; default: the one that the run is of. */
export const checkout = (
  options: { readonly history?: boolean; readonly commit?: string | undefined } = {},
): UsesStep => ({
  name: 'Check out',
  uses: 'actions/checkout',
  with: {
    ...(options.commit === undefined ? {} : { ref: options.commit }),
    // Tags are looked up without asking again, which would need the token that is not kept.
    ...(options.history === true ? { 'fetch-depth': 0 } : {}),
    'persist-credentials': false,
  },
});

export const install: readonly Step[] = [
  {
    name: 'Set up Node',
    uses: 'actions/setup-node',
    // No cache: what another run left there must not become part of a release.
    with: { 'node-version': NODE, 'package-manager-cache': false },
  },
  { name: 'Install', run: 'npm ci --no-audit --no-fund' },
];

/** Short-lived credentials of the role that this kind of job has in this environment. */
export const credentials = (target: Target, kind: JobKind): UsesStep => ({
  name: 'Credentials for AWS',
  uses: 'aws-actions/configure-aws-credentials',
  with: {
    'role-to-assume': roleArn(target.github, target.deployed, kind),
    'aws-region': region(target, kind),
    'role-session-name': `sluice-${kind}-${expression('github.run_id')}`,
    'role-duration-seconds': 3600,
  },
});

const region = (target: Target, kind: JobKind): string => {
  const environment = environmentOf(target.deployed, kind);
  const found = Object.entries(target.github.variables).find(
    ([, v]) => v.use === 'AWS_REGION' && v.environments.includes(environment),
  );
  return found === undefined ? 'us-east-1' : expression(`vars.${found[0]}`);
};

/** Uses that only the log-in at a registry needs. */
const REGISTRY_USES = ['DOCKER_USERNAME', 'DOCKER_PASSWORD'];

/** Secrets and variables of the environment, each by its own name: what configuration maps them to. */
export const environmentValues = (target: Target, kind: JobKind): Env => {
  const environment = environmentOf(target.deployed, kind);
  const { secrets, variables } = target.github;
  const here = (v: { readonly environments: readonly string[] }): boolean =>
    v.environments.includes(environment);
  return {
    SLUICE_AWS_ROLE: roleArn(target.github, target.deployed, kind),
    ...Object.fromEntries(
      Object.entries(variables)
        .filter(([, v]) => here(v))
        .map(([name, v]) => [v.use, expression(`vars.${name}`)]),
    ),
    ...Object.fromEntries(
      Object.entries(secrets)
        .filter(([, s]) => here(s) && !REGISTRY_USES.includes(s.use))
        .map(([name, s]) => [s.use, expression(`secrets.${name}`)]),
    ),
  };
};

/** Log-in at the registry, where images are built by this job. */
export const registryLogin = (target: Target, kind: JobKind): readonly Step[] => {
  const { images } = target.app;
  if (images.build === undefined) return [];
  const secret = (use: string): string | undefined =>
    Object.entries(target.github.secrets).find(
      ([, s]) => s.use === use && s.environments.includes(environmentOf(target.deployed, kind)),
    )?.[0];
  const [user, password] = REGISTRY_USES.map(secret);
  const host = images.repository.split('/')[0] ?? '';
  const login: readonly Step[] =
    user === undefined || password === undefined
      ? []
      : [
          {
            name: 'Log in at the registry',
            uses: 'docker/login-action',
            with: {
              registry: host,
              username: expression(`secrets.${user}`),
              password: expression(`secrets.${password}`),
            },
          },
        ];
  return [...login, { name: 'Set up the image builder', uses: 'docker/setup-buildx-action' }];
};

/**
 * How jobs start the command line of the repository that they have checked out. Not by npx: it would install the
 * repository into a cache of its own before each command, which takes longer than most commands.
 */
export const SLUICE = 'node cli/sluice.js';

/** A command of ours. Values arrive by `env`; options are given as `--name=value`, so that no value becomes an option. */
export const sluice = (
  step: { readonly name: string; readonly id?: string; readonly if?: string; readonly env?: Env },
  ...words: readonly string[]
): RunStep => ({ ...step, run: `${SLUICE} ${words.join(' ')}` });

/** Log of a phase, kept with the run under the name that people look for. */
export const keepLog = (
  target: Target,
  kind: LogName,
  { deployment, suffix = '' }: { readonly deployment: string; readonly suffix?: string },
): UsesStep => ({
  name: `Keep ${kind}`,
  if: 'always()',
  uses: 'actions/upload-artifact',
  with: {
    name: `${kind}-${deployment}${suffix}`,
    path: `.sluice/logs/*/${kind}-*.log`,
    'include-hidden-files': true,
    'if-no-files-found': 'ignore',
    'retention-days': retention(target),
  },
});

/** Documents of a release, below the working folder. */
export const keepDocument = (
  target: Target,
  kind: 'deployment-record' | 'rollback-instructions' | 'deployment-failure-report',
  deployment: string,
): UsesStep => ({
  name: `Keep ${kind}`,
  if: 'always()',
  uses: 'actions/upload-artifact',
  with: {
    name: `${kind}-${deployment}`,
    path:
      kind === 'deployment-record'
        ? `.sluice/records/${target.app.environment}/*.json`
        : `.sluice/records/${target.app.environment}/${kind}-*.md`,
    'include-hidden-files': true,
    'if-no-files-found': 'ignore',
    'retention-days': retention(target),
  },
});

/** What is asked for is a year; GitHub keeps artifacts of public repositories for 90 days. The bucket keeps both. */
const retention = ({ github }: Target): number => (github.repository.visibility === 'public' ? 90 : 365);
