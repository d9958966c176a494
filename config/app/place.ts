import { z } from 'zod';
import { choice, days, flag, list, strict, text, whole, words } from './fields.ts';
import { LIMITS } from './limits.ts';

/** Where the application runs: network, load balancer, cluster, buckets, and who looks after it. */

const CIDR_RULE = 'an IPv4 range in CIDR form whose host bits are 0, e.g. 10.0.0.0/16';

/** The two parts of `10.0.0.0/16`; undefined when it is none. */
const cidr = (value: string): { address: number; bits: number } | undefined => {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(value);
  if (!match) return undefined;
  const [a = 256, b = 256, c = 256, d = 256, bits = 33] = match.slice(1).map(Number);
  if ([a, b, c, d].some((octet) => octet > 255) || bits > 32) return undefined;
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  return address % 2 ** (32 - bits) === 0 ? { address, bits } : undefined;
};

const range = (fewest: number, most: number, rule: string) =>
  z.string({ error: rule }).refine(
    (value) => {
      const parsed = cidr(value);
      return parsed !== undefined && parsed.bits >= fewest && parsed.bits <= most;
    },
    { error: 'is not a network range that can be used here', params: { allowed: rule } },
  );

/** `kind` may be left out: what is new is the usual case. */
const assumeNew = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !('kind' in value)
    ? { ...value, kind: 'new' }
    : value;

const newOrExisting = {
  error: (issue: { code?: string }) => (issue.code === 'invalid_union' ? 'new, existing' : 'a map'),
};

const subnets = (min: number) =>
  list(text(/^subnet-[0-9a-f]{8,17}$/, 'a subnet id such as subnet-0a1b2c3d'), `at least ${min} subnet ids`, {
    min,
  });

const network = z.preprocess(
  assumeNew,
  z.discriminatedUnion(
    'kind',
    [
      strict({
        kind: z.literal('new'),
        /** Range of the VPC. Default: 10.0.0.0/16. */
        cidr: range(16, 24, `${CIDR_RULE}, /16 to /24`).prefault('10.0.0.0/16'),
        /** Availability zones; a load balancer needs two. Default: 2. */
        zones: whole(2, 6).prefault(2),
        /** Ways out for private subnets; each costs money all day. Default: one. */
        natGateways: choice('none', 'one', 'perZone').prefault('one'),
      }),
      strict({
        kind: z.literal('existing'),
        vpcId: text(/^vpc-[0-9a-f]{8,17}$/, 'a VPC id such as vpc-0a1b2c3d'),
        publicSubnetIds: subnets(2),
        privateSubnetIds: subnets(1),
      }),
    ],
    newOrExisting,
  ),
);

const arn = (service: string, resource: string) =>
  text(
    new RegExp(`^arn:aws[a-z-]*:${service}:[a-z0-9-]*:\\d{12}:${resource}.+$`),
    `an ARN such as arn:aws:${service}:eu-west-1:123456789012:${resource}…`,
  );

/** Rules the listener may hold, of all applications on it. Default: AWS's quota of 100. */
const maxRules = whole(1, LIMITS.mostRules).prefault(LIMITS.defaultRules);

const loadBalancer = z.preprocess(
  assumeNew,
  z.discriminatedUnion(
    'kind',
    [
      strict({
        kind: z.literal('new'),
        /** Certificate of the HTTPS listener. Default: one is requested for the url's host. */
        certificateArn: arn('acm', 'certificate/').optional(),
        /** Route 53 zone for the host and the certificate's proof. Default: DNS is kept elsewhere. */
        zoneId: text(/^Z[A-Z0-9]{5,31}$/, 'a hosted zone id such as Z0123456789ABC').optional(),
        /** Reachable from the VPC only. Default: false. */
        internal: flag().prefault(false),
        maxRules,
        /** Who may connect. Default: everybody; for an internal one the private ranges. */
        allowedCidrs: list(range(0, 32, CIDR_RULE), 'at least one range', { min: 1, max: 50 }).optional(),
      }),
      strict({
        kind: z.literal('existing'),
        arn: arn('elasticloadbalancing', 'loadbalancer/app/'),
        listenerArn: arn('elasticloadbalancing', 'listener/app/'),
        securityGroupId: text(/^sg-[0-9a-f]{8,17}$/, 'a security group id such as sg-0a1b2c3d'),
        maxRules,
      }),
    ],
    newOrExisting,
  ),
);

const BUCKET_RULE = `3 to ${LIMITS.bucket} lower-case letters, digits and hyphens, starting and ending with a letter or digit`;
/** No dots: they break TLS for virtual-host addresses. */
const bucket = text(
  new RegExp(`^(?!xn--)(?!.*-s3alias$)[a-z0-9][a-z0-9-]{1,${LIMITS.bucket - 2}}[a-z0-9]$`),
  BUCKET_RULE,
);

const buckets = strict({
  /** Backups. Default: named from application, environment and kind; so are the next two. */
  backup: bucket.optional(),
  /** Records and releases. */
  record: bucket.optional(),
  /** The lease: not locked, so it needs a bucket of its own. */
  lease: bucket.optional(),
  /** How long backups and records cannot be deleted. Default: 365 days. */
  retention: days(1, 3650).prefault('365 days'),
  /** Age at which objects move to cold storage. Default: 30 days. */
  coldAfter: days(1, 3650).prefault('30 days'),
  /** S3 object lock: `governance` can be lifted by an administrator, `compliance` by nobody. Default: governance. */
  lock: choice('governance', 'compliance', 'none').prefault('governance'),
});

const team = strict({
  /** Default: the application's name. */
  name: words('the name of a team').optional(),
  /** Whom to call; stands in rollback instructions. Default: says that nobody is named. */
  onCall: words('a person, a rota or a channel').prefault('nobody named (set sluice:app.team.onCall)'),
});

/** `https://azora.world`: the listener speaks TLS. Plain http only on this machine. */
const url = z
  .string({ error: 'an address such as https://azora.world' })
  .transform((value, context): string => {
    const reason = urlDefect(value);
    if (reason === undefined) return new URL(value).origin;
    context.issues.push({
      code: 'custom',
      message: reason,
      params: { allowed: 'an address without path, e.g. https://azora.world' },
      input: value,
    });
    return z.NEVER;
  });

const urlDefect = (value: string): string | undefined => {
  if (!URL.canParse(value) || value !== value.trim()) return 'is not an address';
  const { protocol, hostname, username, password, pathname, search, hash } = new URL(value);
  if (protocol !== 'https:' && protocol !== 'http:') return 'is not an http address';
  if (username !== '' || password !== '') return 'carries a user or password';
  if (protocol === 'http:' && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|.*\.localhost)$/.test(hostname)) {
    return 'is not https';
  }
  if (pathname !== '/' || search !== '' || hash !== '') return 'has a path, query or fragment';
  return undefined;
};

export const place = {
  url,
  /** `owner/name` on GitHub. Default: none, so no checks, approvals or statuses there. */
  repository: text(
    /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\/[A-Za-z0-9._-]{1,100}$/,
    'owner/name on GitHub',
  ).optional(),
  team: team.prefault({}),
  network: network.prefault({}),
  loadBalancer: loadBalancer.prefault({}),
  /** Name of an ECS cluster to use (default: a new one), and what its services may be. */
  cluster: strict({
    existing: text(/^[A-Za-z0-9_-]{1,255}$/, 'the name of an ECS cluster').optional(),
    /** ARN of the policy that bounds the roles of services; the foundation makes one. Default: none. */
    permissionsBoundary: arn('iam', 'policy/').optional(),
  }).prefault({}),
  buckets: buckets.prefault({}),
};
