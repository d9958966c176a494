import {
  DEPLOYED,
  ENVIRONMENTS,
  type Deployed,
  type Github,
  type GithubEnvironment,
  type GithubName,
  type GithubVariable,
  type KnownEnvironment,
  type ProductionTriggers,
  type StagingTriggers,
} from '../github.types.ts';
import type { WrittenGithub } from './schema.ts';

/** Fills in the defaults that depend on other settings. Pure; what is wrong is left to cross.ts. */
export const resolveGithub = (written: WrittenGithub): Github => {
  const { repository } = written;
  const [owner = '', name = ''] = repository.name.split('/');
  const triggers = {
    staging: stagingTriggers(written.triggers.staging, repository.defaultBranch),
    production: productionTriggers(written.triggers.production),
  };
  const environments = resolveEnvironments(written, triggers);
  return {
    application: written.application,
    repository: { ...repository, owner, name, full: repository.name },
    stacks: written.stacks,
    aws: written.aws,
    state: { bucket: written.state.bucket, keyArn: written.state.keyArn },
    triggers,
    environments,
    secrets: mapValues(written.secrets, (secret, key) => nameOf(key, secret, environments, false)),
    variables: mapValues(written.variables, (variable, key): GithubVariable => ({
      ...nameOf(key, variable, environments, true),
      value: variable.value,
    })),
    checks: written.checks,
    rulesets: {
      main: {
        ...written.rulesets.main,
        codeowners: written.rulesets.main.codeowners ?? written.codeowners.length > 0,
      },
      tags: {
        enforced: written.rulesets.tags.enforced,
        creators: written.rulesets.tags.creators,
        patterns:
          written.rulesets.tags.patterns ??
          (triggers.production.tags.length > 0 ? triggers.production.tags : ['v*']),
      },
    },
    codeowners: written.codeowners,
    schedules: {
      tidy: cronOf(written.schedules.tidy),
      backup: cronOf(written.schedules.backup),
      drift: cronOf(written.schedules.drift),
    },
    workflowFiles: written.workflowFiles,
    registry: written.registry,
  };
};

const mapValues = <T, R>(
  record: Readonly<Record<string, T>>,
  change: (value: T, key: string) => R,
): Record<string, R> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));

const cronOf = (text: string): string | undefined => (text === 'never' ? undefined : text);

type Written = WrittenGithub['triggers'];

const stagingTriggers = (written: Written['staging'], defaultBranch: string): StagingTriggers => {
  const { push, paths, afterWorkflow, pullRequest } = written;
  const otherwise = afterWorkflow !== undefined || pullRequest.length > 0;
  return { push: push ?? (otherwise ? [] : [defaultBranch]), paths, afterWorkflow, pullRequest };
};

const productionTriggers = ({ tags, ...rest }: Written['production']): ProductionTriggers => ({
  ...rest,
  tags: tags ?? (rest.promote || rest.afterStaging ? [] : ['v*']),
});

type Triggers = Github['triggers'];
interface Refs {
  readonly branches: readonly string[];
  readonly tags: readonly string[];
}

/** Where GitHub checks out a pull request: the ref that its jobs run from. */
const PULL_REQUESTS = 'refs/pull/*/merge';

const unique = (values: readonly string[]): string[] => [...new Set(values)];

/** From where jobs run that name an environment. A dispatch runs from the branch it was started on. */
const refsFor = (environment: KnownEnvironment, triggers: Triggers, main: string): Refs => {
  const { staging, production } = triggers;
  const tags = production.tags;
  switch (environment) {
    case 'preview':
      return { branches: unique([PULL_REQUESTS, main]), tags: [] };
    case 'staging': {
      const ofPulls = staging.pullRequest.length > 0 ? [PULL_REQUESTS] : [];
      // A hotfix is dispatched from its branch.
      return { branches: unique([main, ...staging.push, ...ofPulls, 'hotfix/*']), tags: [] };
    }
    case 'production-approval':
    case 'production':
      return { branches: [main], tags };
    case 'staging-rollback':
    case 'production-rollback':
      return { branches: [main], tags: [] };
    default:
      return environment satisfies never;
  }
};

const resolveEnvironments = (
  written: WrittenGithub,
  triggers: Triggers,
): Record<string, GithubEnvironment> => {
  const own = written.environments;
  const names = unique([...ENVIRONMENTS, ...Object.keys(own)]);
  const one = (name: string): GithubEnvironment => {
    const given = own[name] ?? {};
    const known = ENVIRONMENTS.find((e) => e === name);
    const refs =
      known === undefined
        ? { branches: [], tags: [] }
        : refsFor(known, triggers, written.repository.defaultBranch);
    const reviewers = given.reviewers ?? [];
    return {
      name,
      reviewers,
      waitTimer: given.waitTimer ?? 0,
      branches: given.branches ?? refs.branches,
      tags: given.tags ?? refs.tags,
      preventSelfReview: given.preventSelfReview ?? reviewers.length > 0,
    };
  };
  return Object.fromEntries(names.map((name) => [name, one(name)]));
};

/** Beginnings that say where a name belongs. */
const BELONGS: readonly (readonly [RegExp, Deployed])[] = [
  [/^STAGING_/i, 'staging'],
  [/^PROD(UCTION)?_/i, 'production'],
];

const environmentsOf = (deployed: Deployed): string[] => [deployed, `${deployed}-rollback`];

interface Named {
  readonly use?: string | undefined;
  readonly environments?: readonly string[] | undefined;
}

const nameOf = (
  key: string,
  { use, environments }: Named,
  all: Readonly<Record<string, GithubEnvironment>>,
  everywhere: boolean,
): GithubName => {
  const belongs = BELONGS.find(([beginning]) => beginning.test(key))?.[1];
  const known = DEPLOYED.flatMap(environmentsOf);
  // Previews run for whoever opens a pull request: a secret gets there only by being written there.
  const rest = everywhere ? Object.keys(all) : known;
  return {
    use: use ?? key,
    environments: environments ?? (belongs === undefined ? rest : environmentsOf(belongs)),
  };
};
