import type { CheckFailure, Props } from '../contract.ts';
import type { IamActions } from '../handler.ts';
import type { Identity } from '../identity.ts';

/** A type that only keeps state: what it is called, what it answers, what makes it anew. */
export interface Kept {
  /** Outputs beside the inputs; must hold what the id is taken from. */
  readonly outputs: (inputs: Props, ids: Identity, name: string) => Props;
  /** Output that is the id; `arn` unless said otherwise. */
  readonly id?: string;
  readonly replaces?: readonly string[];
  readonly autoName?: { readonly property: string; readonly max: number };
  readonly defaults?: Props;
  readonly required?: readonly string[];
  /** Refusals that follow from the inputs alone. Values may be unknown. */
  readonly validate?: (inputs: Props) => CheckFailure[];
  readonly actions?: IamActions;
}
