import type { ActionName } from './pins.ts';

/**
 * What our workflow files are made of: the part of GitHub's format that we use, typed so that the usual slips cannot
 * be written: an action without its pin, a job without permissions or time limit, a runner that changes by itself.
 */

/** `${{ … }}`. Has its place in `env`, `if`, `with` and outputs; never inside a script (render.ts refuses it there). */
export type Expression = `\${{ ${string} }}`;
export const expression = (text: string): Expression => `\${{ ${text} }}`;

export type Scalar = string | number | boolean;

/** A value with a remark that stands behind it in the file. */
export interface Remarked {
  readonly value: Scalar;
  readonly remark: string;
}

export type Scope =
  | 'actions'
  | 'attestations'
  | 'checks'
  | 'contents'
  | 'deployments'
  | 'id-token'
  | 'pull-requests'
  | 'statuses';

/** A right and why the job needs it: the reason stands beside it in the file. */
export interface Permission {
  readonly access: 'read' | 'write';
  readonly why: string;
}
export type Permissions = { readonly [scope in Scope]?: Permission };

export type Env = Readonly<Record<string, Scalar>>;

interface StepBase {
  readonly name: string;
  readonly id?: string;
  readonly if?: string;
  readonly env?: Env;
}
export interface UsesStep extends StepBase {
  readonly uses: ActionName;
  readonly with?: Readonly<Record<string, Scalar>>;
}
export interface RunStep extends StepBase {
  /** Bash. Values of events and inputs arrive through `env` alone. */
  readonly run: string;
}
export type Step = UsesStep | RunStep;

export interface Concurrency {
  readonly group: string;
  /** `max`: up to a hundred runs wait their turn; the default keeps the newest one only and drops the others. */
  readonly queue?: 'single' | 'max';
  readonly 'cancel-in-progress'?: boolean;
}

export interface Job {
  /** As people see it in a run and as rulesets name it. */
  readonly name: string;
  readonly needs?: readonly string[];
  readonly if?: string;
  /** Whole minutes, 1 to 360. */
  readonly 'timeout-minutes': number;
  readonly permissions: Permissions;
  readonly environment?: { readonly name: string; readonly url?: string };
  readonly concurrency?: Concurrency;
  readonly strategy?: {
    readonly 'fail-fast': boolean;
    readonly matrix: Readonly<Record<string, readonly Scalar[]>>;
  };
  readonly outputs?: Readonly<Record<string, Expression>>;
  readonly env?: Env;
  readonly steps: readonly Step[];
}

export type Input = { readonly description: string; readonly required?: boolean } & (
  | { readonly type: 'string'; readonly default?: string }
  | { readonly type: 'boolean'; readonly default: boolean }
  | { readonly type: 'choice'; readonly options: readonly string[]; readonly default?: string }
);

export interface Triggers {
  readonly push?: {
    readonly branches?: readonly string[];
    readonly tags?: readonly string[];
    readonly paths?: readonly string[];
  };
  readonly pull_request?: { readonly branches?: readonly string[] };
  readonly workflow_run?: {
    readonly workflows: readonly string[];
    readonly types: readonly ['completed'];
    readonly branches: readonly string[];
  };
  readonly workflow_dispatch?: { readonly inputs: Readonly<Record<string, Input>> };
  readonly schedule?: readonly { readonly cron: string }[];
}

export interface Workflow {
  /** Below `.github/workflows/`. */
  readonly file: string;
  readonly name: string;
  /** Title of a run. */
  readonly runName?: string;
  /** What it is for: the first lines of the file. */
  readonly about: readonly string[];
  readonly on: Triggers;
  /** Findings of the checkers that are meant, with the reason: key of `on` → remark. */
  readonly remarks?: Readonly<Record<string, string>>;
  readonly concurrency: Concurrency;
  readonly jobs: Readonly<Record<string, Job>>;
}

export interface RenderedFile {
  /** From the repository's root, e.g. `.github/workflows/preview.yml`. */
  readonly path: string;
  readonly text: string;
}

/** The one runner: a name with `latest` in it would change by itself. */
export const RUNNER = 'ubuntu-24.04';
