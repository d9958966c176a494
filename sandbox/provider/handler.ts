import type { CheckFailure, CreateResult, Props, ReadResult } from './contract.ts';

/** What a handler knows of the resource it is asked about. */
export interface Call {
  readonly urn: string;
  readonly type: string;
  /** Last part of the URN. */
  readonly name: string;
  /** Seconds from `customTimeouts`; 0 for none. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}
export interface UpdateCall extends Call {
  readonly id: string;
  readonly olds: Props;
  readonly oldInputs: Props;
}
export interface ExistingCall extends Call {
  readonly id: string;
  readonly inputs: Props;
  readonly outputs: Props;
}

/** The IAM actions that the real provider needs for each operation, as `service:Action`. */
export interface IamActions {
  readonly create: readonly string[];
  readonly read: readonly string[];
  readonly update: readonly string[];
  readonly delete: readonly string[];
}

/**
 * How one resource type behaves. `check`, `diff` and previews follow from the data;
 * `create`, `update`, `read` and `delete` act, and are called with known values only.
 */
export interface Handler {
  /** The property that is named automatically when absent, and the longest name AWS takes. */
  readonly autoName?: { readonly property: string; readonly max: number };
  readonly required?: readonly string[];
  readonly defaults?: Props;
  /** Top-level properties that force a replacement when they change; `all but`: every other one does. */
  readonly replaces?: readonly string[] | { readonly allBut: readonly string[] };
  readonly actions: IamActions;
  /** Refusals that follow from the inputs alone. Values may be unknown. */
  validate?(inputs: Props): CheckFailure[];
  create(inputs: Props, call: Call): Promise<CreateResult> | CreateResult;
  /** Without it an update keeps the old outputs and takes the new inputs. */
  update?(news: Props, call: UpdateCall): Promise<Props> | Props;
  /** Must be idempotent. Without it there is nothing to take down. */
  delete?(call: ExistingCall): Promise<void> | void;
  /** Without it the resource is as it was. */
  read?(call: ExistingCall): Promise<ReadResult> | ReadResult;
}

const words = (service: string, list: string): string[] =>
  list === '' ? [] : list.split(' ').map((action) => `${service}:${action}`);

/** Actions of one service, each operation's in one string. */
export const iam = (service: string, create: string, read = '', update = '', remove = ''): IamActions => ({
  create: words(service, create),
  read: words(service, read),
  update: words(service, update),
  delete: words(service, remove),
});
export const NO_ACTIONS: IamActions = { create: [], read: [], update: [], delete: [] };
