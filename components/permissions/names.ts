import type { Deployed, Github } from '../../config/github.types.ts';
import { SLOTS, type App } from '../../config/types.ts';
import { planBuckets, type BucketKind } from '../buckets.plan.ts';
import { cloudName, LIMITS, type Scope } from '../names.ts';

/** What one environment's roles may be told of: everything by the names that the program gives. */
export interface Ground {
  readonly github: Pick<Github, 'application' | 'aws' | 'state' | 'stacks'>;
  readonly deployed: Deployed;
  readonly app: App;
  readonly region: string;
  /** Name of the Pulumi project: part of the keys of its state. */
  readonly project: string;
}

/** What is left of a name's beginning when it is shortened: `cloudName` puts a hash of 8 behind, others 5 more. */
const SHORTENED = 15;

const scopeOf = ({ app }: Ground): Scope => ({ application: app.application, environment: app.environment });

/** Names of at most `limit` characters that begin with application and environment. */
const beginning = (ground: Ground, limit: number): string => {
  const { application, environment } = scopeOf(ground);
  return `${`${application}-${environment}-`.slice(0, limit - SHORTENED)}*`;
};

export const arn = ({ region, github }: Ground, service: string, resource: string): string =>
  `arn:aws:${service}:${region}:${github.aws.account}:${resource}`;

export const iamArn = ({ github }: Ground, resource: string): string =>
  `arn:aws:iam::${github.aws.account}:${resource}`;

export const clusterName = (ground: Ground): string =>
  ground.app.cluster.existing ?? cloudName(LIMITS.cluster, ground.app.application, ground.app.environment);

/** Roles of services; roles of jobs begin alike, but have neither a slot in front nor `function` at the end. */
export const serviceRoles = (ground: Ground): string[] => {
  const { application, environment, services, target } = ground.app;
  const own = `role/${application}-${environment}`;
  switch (target.kind) {
    case 'ecs':
      return SLOTS.map((slot) => iamArn(ground, `${own}-${slot}-*`));
    case 'lambda': {
      // Long names end in a hash instead.
      const named = Object.keys(services).map((service) =>
        cloudName(LIMITS.role, application, environment, service, 'function'),
      );
      const long = named.filter((name) => !name.endsWith('-function')).map((name) => `role/${name}`);
      return [`${own}-*-function`, ...long].map((resource) => iamArn(ground, resource));
    }
    case 'hosts':
      return [];
    default:
      return target satisfies never;
  }
};

/** Who may be given such a role. */
export const roleTaker = (ground: Ground): string =>
  ground.app.target.kind === 'lambda' ? 'lambda.amazonaws.com' : 'ecs-tasks.amazonaws.com';

/** The application's functions, and their versions and aliases. */
export const functionArns = (ground: Ground): string[] => {
  const own = arn(ground, 'lambda', `function:${ground.app.application}-${ground.app.environment}-*`);
  return [own];
};

/** Bounds what roles of services can ever be given: release jobs make them and must not make administrators. */
export const boundaryName = (application: string, environment: string): string =>
  `${application}-${environment}-boundary`;
export const boundaryArn = (ground: Ground): string =>
  iamArn(ground, `policy/${boundaryName(ground.app.application, ground.app.environment)}`);

export const bucketNames = (ground: Ground): Readonly<Record<BucketKind, string>> => {
  const planned = planBuckets({
    scope: scopeOf(ground),
    settings: ground.app.buckets,
    keepDaily: ground.app.backups.keep,
  });
  const of = (kind: BucketKind): string => planned.find((b) => b.kind === kind)?.name ?? '';
  return { backup: of('backup'), record: of('record'), lease: of('lease') };
};

export const bucketArn = (name: string, keys?: string): string =>
  keys === undefined ? `arn:aws:s3:::${name}` : `arn:aws:s3:::${name}/${keys}`;

/** Load balancers, their listeners and rules, and target groups of this application; of others nothing. */
export const balancerArns = (ground: Ground) => {
  const { loadBalancer } = ground.app;
  const elb = (resource: string): string => arn(ground, 'elasticloadbalancing', resource);
  const groups = [elb(`targetgroup/${beginning(ground, LIMITS.targetGroup)}`)];
  if (loadBalancer.kind === 'existing')
    return {
      groups,
      balancers: [],
      listeners: [loadBalancer.listenerArn],
      rules: [`${loadBalancer.listenerArn.replace(':listener/', ':listener-rule/')}/*`],
    };
  const own = cloudName(LIMITS.loadBalancer, ground.app.application, ground.app.environment);
  return {
    groups,
    balancers: [elb(`loadbalancer/app/${own}/*`)],
    listeners: [elb(`listener/app/${own}/*`)],
    rules: [elb(`listener-rule/app/${own}/*`)],
  };
};

/** ARNs of secrets by their names in AWS Secrets Manager, which puts six characters behind. */
export const secretArns = (ground: Ground, names: readonly string[]): string[] => [
  ...new Set(
    names.map((name) => {
      const wanted = ground.app.secrets[name] ?? name;
      return wanted.startsWith('arn:') ? wanted : arn(ground, 'secretsmanager', `secret:${wanted}-??????`);
    }),
  ),
];

const ECR = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\/(.+)$/;

/** Names of the ECR repositories of the application's images, with whose they are; empty for other registries. */
export const ecrRepositories = (
  app: Pick<App, 'images' | 'services' | 'application'>,
): readonly {
  readonly name: string;
  readonly account: string | undefined;
  readonly region: string | undefined;
}[] => {
  if (app.images.registry !== 'ecr') return [];
  const [, account, region, path = app.images.repository] = ECR.exec(app.images.repository) ?? [];
  const names = Object.keys(app.services).map((service) => path.replaceAll('{service}', service));
  return [...new Set(names)].map((name) => ({ name, account, region }));
};

export const ecrArns = (ground: Ground): string[] =>
  ecrRepositories(ground.app).map(
    ({ name, account = ground.github.aws.account, region = ground.region }) =>
      `arn:aws:ecr:${region}:${account}:repository/${name}`,
  );

const TAG_KEYS = ['application', 'environment'] as const;

/** Equal to this application's tags: those that a request brings, or those that a thing has. */
export const tagged = (
  ground: Ground,
  where: 'RequestTag' | 'ResourceTag',
): Readonly<Record<string, string>> => {
  const scope = scopeOf(ground);
  return Object.fromEntries(TAG_KEYS.map((key) => [`aws:${where}/${key}`, scope[key]]));
};
