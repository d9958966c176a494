/** What became of a check on one commit. */
export interface CheckResult {
  readonly commit: string;
  /** `skipped` ran nothing, so it shows nothing. */
  readonly state: 'passed' | 'failed' | 'pending' | 'skipped';
  /** GitHub's own word: `success`, `failure`, `cancelled`, `in_progress`, … */
  readonly word: string;
  /** A page for people. */
  readonly link: string | undefined;
}

/** Checks of commits. A check is named by its name, or by the file of the workflow that it is (`ci-test.yml`). */
export interface CommitChecks {
  /** The newest result on exactly this commit; undefined: it never ran there. */
  of(check: string, commit: string): Promise<CheckResult | undefined>;
  /** The commit on which it passed last, to tell people; undefined: nowhere that is known. */
  lastPassed(check: string): Promise<string | undefined>;
}

export interface RepositoryTags {
  /** Commit of a tag, annotated or not; undefined when there is no such tag. */
  find(tag: string): Promise<string | undefined>;
  /** Whether the default branch has the commit in its history. */
  isOnDefaultBranch(commit: string): Promise<boolean>;
}

export type DeploymentState = 'queued' | 'in_progress' | 'success' | 'failure' | 'error' | 'inactive';

export interface NewDeployment {
  readonly environment: string;
  /** Our id of it, by which it is found again. */
  readonly deployment: string;
  readonly commit: string;
  readonly version: string;
  readonly production: boolean;
}

export interface DeploymentStatus {
  readonly state: DeploymentState;
  /** At most 140 characters. */
  readonly description: string;
  /** The application itself. */
  readonly environmentUrl: string | undefined;
  /** What did it: the run, or the record. */
  readonly logUrl: string | undefined;
}

/** Deployments as GitHub shows them beside a commit. */
export interface GithubDeployments {
  /** Number of the one that stands for our deployment; undefined: none yet. */
  find(environment: string, deployment: string, commit: string): Promise<number | undefined>;
  create(wanted: NewDeployment): Promise<number>;
  setStatus(number: number, status: DeploymentStatus): Promise<void>;
}

export interface PullRequest {
  readonly number: number;
  /** Whether its branch lives in another repository. */
  readonly fork: boolean;
  readonly open: boolean;
}

export interface Comment {
  readonly id: number;
  readonly body: string;
  /** Login of who wrote it; that of an app ends with `[bot]`, which no person's can. */
  readonly by: string;
}

export interface PullComments {
  /** Pull requests that a commit belongs to. */
  pullsOf(commit: string): Promise<readonly PullRequest[]>;
  /** All comments of a pull request, oldest first, however many pages they fill. */
  list(pull: number): Promise<readonly Comment[]>;
  create(pull: number, body: string): Promise<void>;
  update(comment: number, body: string): Promise<void>;
}

export interface Review {
  /** Login of the person. */
  readonly by: string;
  readonly state: 'approved' | 'rejected';
  readonly environments: readonly string[];
}

/** Who may let a deployment through, and who did. */
export interface Reviews {
  /** Reviews of the environments that the jobs of a run waited for. */
  ofRun(run: string): Promise<readonly Review[]>;
  /** Login that the token belongs to; undefined where it is a job's own. */
  me(): Promise<string | undefined>;
}

/**
 * GitHub, as far as releases need it. Every call throws `ExpectedError` (exit 3) with one clear message when GitHub
 * is slow, down, refuses the token or its rate limit is used up; nothing was changed then.
 */
export interface Github {
  readonly checks: CommitChecks;
  readonly tags: RepositoryTags;
  readonly deployments: GithubDeployments;
  readonly comments: PullComments;
  readonly reviews: Reviews;
}
