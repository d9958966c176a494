import { z } from 'zod';
import { REPLICA_LIMIT } from '../release.types.ts';
import { functionSection } from '../lambda/schema.ts';
import { choice, flag, list, name, named, namePattern, nameRule, quantity, strict } from './fields.ts';
import { text, urlPath, VARIABLE, VARIABLE_RULE, whole, words, duration, HOUR, MINUTE } from './fields.ts';
import { LIMITS } from './limits.ts';

/** Characters that an Application Load Balancer takes in a path pattern; `*` is any text, `?` any character. */
const PATH_PATTERN = new RegExp(`^/[A-Za-z0-9_\\-.$/~"'@:+&*?]{0,${LIMITS.pathPattern - 1}}$`);
const PATH_RULE = `a path pattern such as /api/*, at most ${LIMITS.pathPattern} characters`;

/**
 * The environment a process gets: texts. `true` and `3000` are taken as they stand; a fraction is refused, because
 * YAML turns 1.10 into 1.1 before anybody sees it.
 */
const environment = named(
  VARIABLE,
  VARIABLE_RULE,
  z.unknown().transform((value, context): string => {
    if (typeof value === 'string') return value;
    if (typeof value === 'boolean' || (typeof value === 'number' && Number.isSafeInteger(value)))
      return String(value);
    context.issues.push({
      code: 'custom',
      message: 'is not a text',
      params: { allowed: 'a text; numbers with a fraction in quotes' },
      input: value,
    });
    return z.NEVER;
  }),
);

const secretNames = list(text(VARIABLE, VARIABLE_RULE), 'a list of names from `secrets`');

/** What is the same for every service, unless the service says otherwise. */
const common = {
  /** Fargate CPU, e.g. "1 vCPU". Default: 1 vCPU. */
  cpu: quantity('cpu').optional(),
  /** Fargate memory, e.g. "2 GiB"; must fit the CPU. Default: 2 GiB. */
  memory: quantity('memory').optional(),
  /** Tasks per slot. Default: 2. */
  replicas: whole(1, REPLICA_LIMIT).optional(),
  /** Plain settings; a service's own are laid over these. Default: none. */
  environment: environment.prefault({}),
  /** Names from `secrets` that are handed in; a service's own are added. Default: none. */
  secrets: secretNames.prefault([]),
};

const health = strict({
  /** GET path inside the service. Default: /health. */
  path: urlPath().prefault('/health'),
  /** The same from outside. Default: `health` below the first path, e.g. /api/health for /api/*. */
  publicPath: urlPath().optional(),
  /** Whether the answer must carry the release's version. Default: true. */
  version: flag().prefault(true),
});

const service = strict({
  ...common,
  /** `web` answers requests through the load balancer, a `worker` does not. Default: web. */
  kind: choice('web', 'worker').prefault('web'),
  /** One path pattern; short for `paths` with one entry. */
  path: text(PATH_PATTERN, PATH_RULE).optional(),
  /** Path patterns, at most 4. Web services need at least one. */
  paths: list(text(PATH_PATTERN, PATH_RULE), `1 to ${LIMITS.pathsPerService} path patterns such as /api/*`, {
    min: 1,
    max: LIMITS.pathsPerService,
  }).optional(),
  /** TCP port the process listens on. Needed for web services; a worker has 0 where it listens on none. */
  port: whole(1, 65_535).optional(),
  /** Whether a release fails when this service does. Default: true. */
  critical: flag().prefault(true),
  health: health.prefault({}),
  /** Listener-rule priority of the production rule, 32001 to 47999. Default: planned from the path. */
  priority: whole(LIMITS.priority.from, LIMITS.priority.to).optional(),
  /** Command instead of the image's own. */
  command: list(z.string({ error: 'a text' }), 'a list of words, e.g. [node, worker.js]', {
    min: 1,
  }).optional(),
  /** With `lambda`: what the function is. */
  function: functionSection.optional(),
});

export const everyService = strict(common);
export const services = named(namePattern(LIMITS.service), nameRule(LIMITS.service), service).refine(
  (all) => Object.keys(all).length > 0,
  { error: 'needs at least one service', params: { allowed: 'a name, and below it `path` and `port`' } },
);

/**
 * Name in the services' environment → name or ARN of the secret in AWS Secrets Manager. A value that looks like a
 * secret itself is refused without being repeated.
 */
export const secrets = named(
  VARIABLE,
  VARIABLE_RULE,
  z
    .string({ error: 'the name or ARN of a secret in AWS Secrets Manager' })
    .refine((value) => /^[A-Za-z0-9/_+=.@:-]{1,512}$/.test(value) && !value.includes('://'), {
      error: 'is not the name of a secret; a value must not stand here',
      params: { allowed: 'the name or ARN of a secret in AWS Secrets Manager', quiet: true },
    }),
);

const command = words('a shell command, e.g. npx prisma migrate deploy');

/** The database. Absent: the application has none, so there is no backup and no migration. */
export const database = strict({
  engine: choice('postgres').prefault('postgres'),
  /** Name from `secrets` that holds the connection URL. Default: DATABASE_URL. */
  url: z
    .string({ error: 'a name from `secrets`' })
    .refine((value) => VARIABLE.test(value), {
      error: 'is not a name from `secrets`; a connection string must not stand here',
      params: { allowed: VARIABLE_RULE, quiet: true },
    })
    .prefault('DATABASE_URL'),
  /**
   * `runner`: the machine that runs sluice reaches the database; `task`: only the network does. Then migrations run in a
   * task with the new version's image, beside the first service that is given `url`, and sluice takes no backup.
   * Default: runner.
   */
  runs: choice('runner', 'task').prefault('runner'),
  migrations: strict({
    /** Any command; DATABASE_URL, VERSION and SLUICE_DEPLOYMENT are in its environment. */
    command,
    /** Folder with the migration files, to name pending and failing ones. */
    directory: words('a folder of this repository').optional(),
    /** Default: besideBuild. */
    when: choice('besideBuild', 'beforeBuild', 'beforeTraffic', 'afterStart').prefault('besideBuild'),
    /** Command after the migration, e.g. for static files. */
    after: command.optional(),
    /**
     * Command that undoes migrations, for `sluice rollback --revert-migrations`, e.g. `npx dbmate rollback`. In its
     * environment: what `command` gets, VERSION (the one that is gone back to) and MIGRATIONS (names of those to undo,
     * newest first, one a line). Default: none, the database is restored instead.
     */
    back: command.optional(),
    /** Maintenance page while migrations run. Default: false. */
    maintenance: flag().prefault(false),
  }),
  backup: strict({
    /** Default: true. */
    enabled: flag().prefault(true),
    /** Key prefix in the backup bucket. Default: the environment's name. */
    prefix: text(
      /^[a-z0-9][a-z0-9/_-]{0,62}$/,
      'lower-case letters, digits, - _ and /, e.g. prod',
    ).optional(),
    /** `scratch`: restored and compared; `checksum`: only read back. Default: scratch. */
    verify: choice('scratch', 'checksum').prefault('scratch'),
    /** Name from `secrets` of another server for the scratch database. Default: the same server. */
    scratchUrl: text(VARIABLE, VARIABLE_RULE).optional(),
  }).prefault({}),
});

/** Images. Everything has a default: an ECR repository `<application>/<service>`. */
export const images = strict({
  /** Where images live; `{service}` becomes the service's name. Default: `<application>/{service}` in ECR. */
  repository: text(
    /^[a-z0-9]+[a-z0-9._:/-]*(?:\{service\})?[a-z0-9._/-]*$/,
    'a repository without a tag, e.g. docker.io/azora/{service}',
  ).optional(),
  /** Default: from the repository's host. */
  registry: choice('ecr', 'dockerhub', 'ghcr').optional(),
  /** `build`: built for this environment; `promote`: the digests that staging ran. Default: build. */
  artifacts: choice('build', 'promote').prefault('build'),
  /** Command that builds and pushes all images of $VERSION. Default: another pipeline does. */
  build: command.optional(),
});

/** How long phases may take; bakes are counted apart. */
export const timeouts = strict({
  /** One stack update with its start-up. Default: 30 minutes where staged, 10 minutes where direct. */
  deploy: duration(MINUTE, 24 * HOUR).optional(),
  /** Until a slot is healthy. Default: 5 minutes. */
  health: duration().prefault('5 minutes'),
  /** Default: 15 minutes. */
  rollback: duration(MINUTE, 24 * HOUR).prefault('15 minutes'),
  /** Default: 10 minutes. */
  migrate: duration().prefault('10 minutes'),
  /** Dump, upload, restore, compare. Default: 30 minutes. */
  backup: duration().prefault('30 minutes'),
});

export const application = name(LIMITS.application);
export const environmentName = name(LIMITS.environment);
