import { formatCpu, formatMemory } from '../units.ts';

/** What AWS allows, and what we keep below it. Each limit says where it comes from. */
export const LIMITS = {
  /** Prefix of every cloud name; target groups and load balancers have 32 characters in all. */
  application: 20,
  environment: 20,
  /** Longer names would be mostly hash where AWS allows 32 characters. */
  service: 40,
  bucket: 63,
  /** Values of all conditions of one listener rule are at most 5; a preview rule's header takes one. */
  pathsPerService: 4,
  /** Wildcards of all conditions of one listener rule. */
  wildcardsPerService: 5,
  /** Characters of one path pattern. */
  pathPattern: 128,
  /** Production rule, and one preview rule for each of the two slots. */
  rulesPerService: 3,
  /** The maintenance page's, while users are kept out. */
  rulesBeside: 1,
  /** AWS's default quota of rules on one load balancer, default rules not counted. */
  defaultRules: 100,
  /** The quota that AWS grants on request ends somewhere here. */
  mostRules: 10_000,
  /** Fixed priorities of production rules; every preview rule comes before (components/priorities.plan.ts). */
  priority: { from: 32_001, to: 47_999 },
  /** GitHub allows six reviewers on an environment. */
  reviewers: 6,
} as const;

const gib = (from: number, to: number, step = 1): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => (from + i * step) * 1024);

/** CPU units of a Fargate task → the memory (MiB) that AWS offers with it. */
export const FARGATE: ReadonlyMap<number, readonly number[]> = new Map([
  [256, [512, 1024, 2048]],
  [512, gib(1, 4)],
  [1024, gib(2, 8)],
  [2048, gib(4, 16)],
  [4096, gib(8, 30)],
  [8192, gib(16, 60, 4)],
  [16384, gib(32, 120, 8)],
]);

export const fargateCpus = (): string => [...FARGATE.keys()].map(formatCpu).join(', ');

/** `2 GiB, 3 GiB, …, 8 GiB`, or with the step where the list is long. */
export const fargateMemories = (cpu: number): string => {
  const sizes = FARGATE.get(cpu) ?? [];
  const [first, second] = sizes;
  const last = sizes.at(-1);
  if (sizes.length <= 4 || first === undefined || second === undefined || last === undefined) {
    return sizes.map(formatMemory).join(', ');
  }
  return `${formatMemory(first)} to ${formatMemory(last)} in steps of ${formatMemory(second - first)}`;
};
