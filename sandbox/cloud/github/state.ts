/** What the local GitHub knows: plain data, put there by `seed` and by the API itself. */
export interface Check {
  /** Of a check run; a workflow is named by its file, e.g. `ci-test.yml`. */
  readonly name: string;
  readonly commit: string;
  /** Of a check that has ended: `success`, `failure`, `cancelled`, `skipped`, …; undefined: it still runs. */
  readonly conclusion?: string;
}

export interface Pull {
  readonly number: number;
  /** Newest commit of its branch. */
  readonly head: string;
  /** Other commits that belong to it: once merged, that of the merge. */
  readonly commits?: readonly string[];
  /** Repository of its branch, where that is another one. */
  readonly from?: string;
  readonly state?: 'open' | 'closed';
}

export interface RunReview {
  readonly run: string;
  readonly by: string;
  readonly state: 'approved' | 'rejected';
  readonly environments: readonly string[];
}

export type Access = 'read' | 'write';

/** What a token may do, by GitHub's names; `all`: everything. */
export interface Token {
  readonly token: string;
  /** Person it belongs to; undefined: a job's own. */
  readonly login?: string;
  /** What calls with it are listed under, e.g. `preview.yml/preview`; undefined: nothing. */
  readonly name?: string;
  readonly permissions: 'all' | Readonly<Record<string, Access>>;
}

export interface Comment {
  readonly id: number;
  readonly pull: number;
  readonly by: string;
  body: string;
  updates: number;
}

export interface DeploymentEntry {
  readonly id: number;
  readonly ref: string;
  readonly task: string;
  readonly environment: string;
  readonly description: string;
  readonly payload: unknown;
  readonly production: boolean;
  readonly statuses: StatusEntry[];
}
export interface StatusEntry {
  readonly state: string;
  readonly description: string;
  readonly environment_url: string;
  readonly log_url: string;
}

export interface Repository {
  /** `owner/name` */
  readonly name: string;
  readonly defaultBranch: string;
  /** Commits of the default branch, newest first. */
  branch: string[];
  readonly tags: Map<string, string>;
  checks: Check[];
  pulls: Pull[];
  reviews: RunReview[];
  readonly comments: Comment[];
  readonly deployments: DeploymentEntry[];
}

/** What a test or a demo lays into a repository; what is not named stays. */
export interface Seed {
  readonly repository: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly branch?: readonly string[];
  /** Added to those that are there; a newer one of the same name on the same commit wins. */
  readonly checks?: readonly Check[];
  /** Takes all checks away first. */
  readonly forgetChecks?: boolean;
  readonly pulls?: readonly Pull[];
  readonly reviews?: readonly RunReview[];
  readonly tokens?: readonly Token[];
}

/** One call that was made, for tests that ask what a job needs. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** GitHub's permission that the call needs, e.g. `checks=read`; undefined: none, or no such endpoint. */
  readonly needs: string | undefined;
  /** Name of the token that it was made with, where that has one. */
  readonly as?: string;
}

/** What goes wrong with the next `times` calls. */
export type GithubFault =
  | { readonly kind: 'slow'; readonly ms: number; readonly times?: number }
  | { readonly kind: 'down'; readonly times?: number }
  /** Answers that the limit is used up for so many seconds. */
  | { readonly kind: 'rateLimited'; readonly seconds: number; readonly times?: number };

export class GithubState {
  readonly repositories = new Map<string, Repository>();
  readonly tokens = new Map<string, Token>();
  readonly seen: Seen[] = [];
  fault: { readonly fault: GithubFault; left: number } | undefined;
  #id = 1_000;

  nextId(): number {
    this.#id += 1;
    return this.#id;
  }

  seed({ repository, ...given }: Seed): void {
    const found = this.repositories.get(repository) ?? {
      name: repository,
      defaultBranch: 'main',
      branch: [],
      tags: new Map<string, string>(),
      checks: [],
      pulls: [],
      reviews: [],
      comments: [],
      deployments: [],
    };
    this.repositories.set(repository, found);
    for (const [tag, commit] of Object.entries(given.tags ?? {})) found.tags.set(tag, commit);
    if (given.branch !== undefined) found.branch = [...given.branch];
    if (given.forgetChecks === true) found.checks = [];
    found.checks.push(...(given.checks ?? []));
    const numbers = new Set((given.pulls ?? []).map((p) => p.number));
    found.pulls = [...found.pulls.filter((p) => !numbers.has(p.number)), ...(given.pulls ?? [])];
    found.reviews.push(...(given.reviews ?? []));
    for (const token of given.tokens ?? []) this.tokens.set(token.token, token);
  }

  /** The fault of this call, if there is one. */
  takeFault(): GithubFault | undefined {
    const now = this.fault;
    if (now === undefined) return undefined;
    now.left -= 1;
    if (now.left <= 0) this.fault = undefined;
    return now.fault;
  }

  break(fault: GithubFault | undefined): void {
    this.fault = fault === undefined ? undefined : { fault, left: fault.times ?? Number.POSITIVE_INFINITY };
  }
}
