import type { Release } from '../../../config/release.types.ts';
import type { PreviewChange } from '../../ports/stack.ts';

/** One configuration that an engine has previewed, beside the completed release it would replace. */
export interface OutlookInput {
  /** What would happen, e.g. `the next stage: progressive`. */
  readonly title: string;
  /** The command that does it. */
  readonly command: string;
  /** The last completed release; undefined before the first update. */
  readonly from: Release | undefined;
  /** What would be applied; undefined: the stack is carried on as it is. */
  readonly to: Release | undefined;
  /** The engine's preview; a text where it, or the program, refused. */
  readonly changes: readonly PreviewChange[] | { readonly refused: string; readonly hint?: string };
  /** Services whose image does not exist yet. */
  readonly unbuilt?: readonly string[];
  /** For people, said first. */
  readonly notes?: readonly string[];
}

/** How one service's frozen definition differs. Values are shortened, and never those of secrets. */
export interface ServiceChange {
  readonly service: string;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly fields: readonly FieldChange[];
}

export interface FieldChange {
  readonly what: 'image' | 'settings' | 'size';
  /** `cpu`, `environment.LOG_LEVEL`, `secrets.DATABASE_URL`. */
  readonly path: string;
  /** Undefined: not there. */
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** A resource that would be replaced or deleted; the worst first. */
export interface Loss {
  readonly op: 'replace' | 'delete';
  /** `target group blue-api-target-group`. */
  readonly what: string;
  readonly urn: string;
  readonly protect: boolean;
  /** `traffic`: in a slot that users are on. `ground`: what lives longer than any release. */
  readonly where: 'ground' | 'traffic';
  /** Leaf paths that force it. */
  readonly because: readonly string[];
}

/** One preview, put in order for people. */
export interface Outlook {
  readonly title: string;
  readonly command: string;
  readonly notes: readonly string[];
  readonly losses: readonly Loss[];
  readonly traffic: readonly string[];
  readonly services: readonly ServiceChange[];
  /** What is run once by the update: backup, migration, health. */
  readonly runs: readonly string[];
  /** All other changes, one line for what belongs together. */
  readonly others: readonly string[];
  /** Resources by operation, without `same`. */
  readonly counts: Readonly<Record<string, number>>;
  readonly refused: { readonly message: string; readonly hint?: string } | undefined;
}

/** Everything that is shown for one stack. */
export interface PreviewPage {
  readonly stack: string;
  /** One line: what is live now. */
  readonly now: string;
  readonly notes: readonly string[];
  readonly outlooks: readonly Outlook[];
}
