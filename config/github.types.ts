/**
 * The resolved settings of GitHub: what `sluice:github` of the foundation's stack means after defaults are filled in.
 * One vocabulary for the foundation, the rendered workflow files and the command line. Durations are milliseconds.
 */

export type Visibility = 'public' | 'private' | 'internal';
export type Plan = 'free' | 'pro' | 'team' | 'enterprise';

/** The stack for what all environments share: trust, roles, registry, repository settings. */
export const FOUNDATION = 'foundation';

/** What is deployed: each has a stack of its own. */
export type Deployed = 'staging' | 'production';
export const DEPLOYED: readonly Deployed[] = ['staging', 'production'];

/** GitHub environments that jobs of the rendered workflows name. Further ones may be declared beside them. */
export const ENVIRONMENTS = [
  'preview',
  'staging',
  'staging-rollback',
  'production-approval',
  'production',
  'production-rollback',
] as const;
export type KnownEnvironment = (typeof ENVIRONMENTS)[number];

export interface Github {
  /** Prefix of every cloud name; the same as in the stacks of staging and production. */
  readonly application: string;
  readonly repository: GithubRepository;
  /** Stack of each environment. */
  readonly stacks: Readonly<Record<Deployed, string>>;
  readonly aws: {
    /** Twelve digits. */
    readonly account: string;
    /** `existing`: the provider for GitHub's tokens is there already. */
    readonly trust: 'new' | 'existing';
  };
  /** Where Pulumi keeps its state. */
  readonly state: {
    /** Bucket of an `s3://` backend; undefined: another backend, for which roles need nothing. */
    readonly bucket: string | undefined;
    /** Key of an `awskms://` secrets provider. */
    readonly keyArn: string | undefined;
  };
  readonly triggers: { readonly staging: StagingTriggers; readonly production: ProductionTriggers };
  /** By name; always has all of `ENVIRONMENTS`. */
  readonly environments: Readonly<Record<string, GithubEnvironment>>;
  /** By name on GitHub. Values never stand in here: `sluice:githubSecrets` has them, encrypted. */
  readonly secrets: Readonly<Record<string, GithubName>>;
  readonly variables: Readonly<Record<string, GithubVariable>>;
  /** Names of status checks that must have passed before a merge into the default branch. */
  readonly checks: readonly string[];
  readonly rulesets: Rulesets;
  /** Who must agree to a change of a workflow file: `@user` or `@org/team`. Empty: nobody in particular. */
  readonly codeowners: readonly string[];
  readonly schedules: Schedules;
  /** `tree`: `sluice workflows render` writes them and people commit them; `resource`: the foundation pushes them. */
  readonly workflowFiles: 'tree' | 'resource';
  /** Whether registries in ECR are made for the images whose repository is there. */
  readonly registry: boolean;
}

export interface GithubRepository {
  readonly owner: string;
  readonly name: string;
  /** `owner/name`. */
  readonly full: string;
  /** Numeric ids: they stay when a name is given to somebody else. */
  readonly id: number;
  readonly ownerId: number;
  readonly visibility: Visibility;
  readonly plan: Plan;
  readonly defaultBranch: string;
  /** Whether the repository's own settings are the foundation's. */
  readonly managed: boolean;
}

/** When staging is deployed; always also by dispatch. */
export interface StagingTriggers {
  /** Branches whose pushes deploy. Empty: none. */
  readonly push: readonly string[];
  /** Only pushes that change one of these paths; empty: any. Rendered as `on.push.paths`. */
  readonly paths: readonly string[];
  /** After a workflow of that name succeeded on one of the branches. */
  readonly afterWorkflow: { readonly name: string; readonly branches: readonly string[] } | undefined;
  /** Target branches of pull requests from this repository (never from forks) that deploy. Empty: none. */
  readonly pullRequest: readonly string[];
}

/** When production is deployed. At least one of them is set. */
export interface ProductionTriggers {
  /** Patterns of tags; empty: none. */
  readonly tags: readonly string[];
  /** By hand, with an optional version. */
  readonly dispatch: boolean;
  /** By hand, naming the staging deployment that is promoted. */
  readonly promote: boolean;
  /** In the same run after staging, where the branch is the default one. */
  readonly afterStaging: boolean;
}

export interface GithubEnvironment {
  readonly name: string;
  readonly reviewers: readonly Reviewer[];
  /** 0: none. Whole minutes, at most 30 days. */
  readonly waitTimer: number;
  /** Patterns of branches from which jobs may run. With no branches and no tags: from anywhere. */
  readonly branches: readonly string[];
  readonly tags: readonly string[];
  readonly preventSelfReview: boolean;
}

/** Numeric ids are what GitHub takes; names are looked up. */
export type Reviewer =
  | { readonly kind: 'user' | 'team'; readonly id: number }
  | { readonly kind: 'user'; readonly login: string }
  | { readonly kind: 'team'; readonly slug: string };

/** A secret or variable under the name that the documents use, and what it is used as. */
export interface GithubName {
  /** Environment variable that jobs get it as. */
  readonly use: string;
  /** GitHub environments that hold it. */
  readonly environments: readonly string[];
}

export interface GithubVariable extends GithubName {
  readonly value: string;
}

export interface Rulesets {
  /** Rules for the default branch. */
  readonly main: {
    readonly enforced: boolean;
    /** 0 to 6 approvals of a pull request. */
    readonly approvals: number;
    readonly codeowners: boolean;
    readonly linearHistory: boolean;
    readonly signatures: boolean;
  };
  /** Rules for release tags: nobody moves or deletes one. */
  readonly tags: {
    readonly enforced: boolean;
    /** Patterns, e.g. `v*`. */
    readonly patterns: readonly string[];
    /** The least role in the repository that may make one. */
    readonly creators: 'write' | 'maintain' | 'admin';
  };
}

/** Five cron fields in UTC; undefined: never. */
export interface Schedules {
  /** Old slots down after their window. */
  readonly tidy: string | undefined;
  readonly backup: string | undefined;
  /** Live weights and resources compared with the stack. */
  readonly drift: string | undefined;
}

/** What GitHub offers for a plan and a visibility. */
export interface Offered {
  /** Environments with secrets and with branch and tag policies. */
  readonly environments: boolean;
  /** Reviewers and wait timers. */
  readonly reviewers: boolean;
  readonly rulesets: boolean;
}

/** Who is asked before production: GitHub's reviewers, `sluice approve`, or nobody. */
export type ApprovalGate = 'github' | 'sluice' | 'none';
