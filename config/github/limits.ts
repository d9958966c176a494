/** What GitHub allows. */
export const GITHUB_LIMITS = {
  /** Reviewers of an environment, users and teams together. */
  reviewers: 6,
  /** Days of a wait timer. */
  waitDays: 30,
  environmentName: 255,
  owner: 39,
  repository: 100,
  /** Secrets of an environment; variables of an environment. */
  namesPerEnvironment: 100,
  /** Bytes of a secret's or variable's value. */
  valueBytes: 48 * 1024,
  approvals: 6,
} as const;
