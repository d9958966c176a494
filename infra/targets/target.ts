import type * as pulumi from '@pulumi/pulumi';
import type { Buckets } from '../../components/buckets.ts';
import type { Release } from '../../config/release.types.ts';
import type { App, SlotName } from '../../config/types.ts';
import type { Shares } from '../../release/core/release.ts';
import type { RoutingOutput } from '../../release/ports/stack.ts';
import type { DatabaseSecrets } from '../database-secrets.ts';
import type { Settings } from '../settings.ts';

/** The target's part of the program: a place where software runs. See docs/adding-a-target.md. */
export interface Target {
  /** Outputs of its own that the next update gets back, by name. */
  readonly carries: readonly string[];
  /**
   * Shares per service as the place has them now, for every rule that the last update left. Throws refused (exit 3)
   * when they cannot be read, or when something serves users that is in no slot. Undefined where a program has no way to
   * ask; the engine still does, before every update.
   */
  live(stack: string, routing: RoutingOutput): Promise<Record<string, Shares> | undefined>;
  /** Service → `name@sha256:…` of a version; `known` need not be looked up. Throws naming all that are missing. */
  artifacts(
    app: App,
    version: string,
    known: Readonly<Record<string, string>>,
  ): Promise<Record<string, string>>;
  /** Declares what is in the configuration and in the release, and nothing else. */
  declare(args: DeclareArgs): Declared | Promise<Declared>;
}

export interface DeclareArgs {
  readonly settings: Settings;
  readonly release: Release;
  /** What `carries` named, as the last update left it. Checked by nobody yet. */
  readonly carried: Readonly<Record<string, unknown>>;
  /** Preview token of each slot. Secret. */
  readonly tokens: Partial<Record<SlotName, pulumi.Output<string>>>;
  readonly databaseSecrets: DatabaseSecrets;
}

/** Everything that outputs are made from. */
export interface Declared {
  /** Where this machine reaches the application. */
  readonly url: pulumi.Output<string>;
  readonly buckets: Buckets;
  readonly routing: pulumi.Output<RoutingOutput>;
  /** Known when all of the release is done: slots, rules, commands. */
  readonly done: pulumi.Output<unknown>;
  /** Outputs of its own: what it `carries`, and what its adapters need. */
  readonly more: Readonly<Record<string, unknown>>;
}
