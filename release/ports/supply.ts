import type { SecretReference } from '../../config/release.types.ts';

/** Image registry: what exists, by digest. */
export interface Images {
  /** `name@sha256:…` for `repository:tag`; undefined when it is not there. */
  find(repository: string, tag: string): Promise<string | undefined>;
  /** Builds and pushes every service's image of a version; lines of output go to `onLine`. */
  build(
    version: string,
    repositories: readonly string[],
    onLine: (line: string) => void,
    signal?: AbortSignal,
  ): Promise<void>;
}

export interface Secrets {
  /** The current version's reference, without the value; undefined when there is no such secret. */
  describe(name: string): Promise<SecretReference | undefined>;
  /** The value, for tasks that must use it. */
  read(reference: SecretReference): Promise<string>;
}

/** The application's source: tags and commits. */
export interface Source {
  /** Commit of a tag; undefined when the tag does not exist. */
  tag(version: string): Promise<string | undefined>;
  /** When a commit was made, ms since 1970; undefined where this checkout does not have it. */
  madeAt?(commit: string): Promise<number | undefined>;
  head(): Promise<{ readonly commit: string; readonly ref: string; readonly actor: string }>;
}

/** Commands at the place the configuration names, with output by line. */
export interface Tasks {
  run(
    command: string,
    environment: Readonly<Record<string, string>>,
    onLine: (line: string) => void,
    signal?: AbortSignal,
  ): Promise<{ exitCode: number }>;
  list(kind: 'pendingMigrations', environment: Readonly<Record<string, string>>): Promise<readonly string[]>;
}

export interface Message {
  readonly event: 'approval' | 'success' | 'failure' | 'rolled_back';
  readonly title: string;
  readonly text: string;
  readonly link: string | undefined;
  /** What it is about, by the names people read: `Version`, `Deployment ID`, `Commit`, … */
  readonly facts?: Readonly<Record<string, string>>;
  /** One thread of messages: what a pager opens and closes, e.g. the environment's name. */
  readonly about?: string;
  /** Somebody must act now. */
  readonly urgent?: boolean;
}

export interface Messages {
  /** Never throws: says what could not be sent. */
  send(
    message: Message,
  ): Promise<readonly { readonly to: string; readonly sent: boolean; readonly reason?: string }[]>;
}
