/**
 * What an engine asks of a provider. The same shape in process, over HTTP (the sandbox daemon) and behind gRPC.
 * Values are plain JSON: secrets are unwrapped before a call and marked again afterwards by the engine
 * (same path as an input that was secret, or named in `additionalSecretOutputs`); an unknown value
 * (previews only) is the string `UNKNOWN`.
 */
export const UNKNOWN = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

export type Props = Record<string, unknown>;
export type DiffKind = 'add' | 'add-replace' | 'delete' | 'delete-replace' | 'update' | 'update-replace';

export interface CheckRequest {
  urn: string;
  type: string;
  olds: Props;
  news: Props;
  randomSeed: string;
}
export interface CheckFailure {
  property: string;
  reason: string;
}
export interface CheckResult {
  inputs: Props;
  failures: CheckFailure[];
}

export interface DiffRequest {
  urn: string;
  type: string;
  id: string;
  olds: Props;
  oldInputs: Props;
  news: Props;
  ignoreChanges: string[];
}
export interface DiffResult {
  changes: boolean;
  /** Top-level properties that force a replacement. */
  replaces: string[];
  deleteBeforeReplace: boolean;
  /** Leaf paths (`tags.note`, `triggers[0]`). */
  detailed: Record<string, { kind: DiffKind }>;
}

/** `timeout` is in seconds, 0 for none. `preview`: answer with what is known, do nothing. */
export interface CreateRequest {
  urn: string;
  type: string;
  inputs: Props;
  preview: boolean;
  timeout: number;
}
export interface CreateResult {
  id: string;
  outputs: Props;
}
export interface ReadRequest {
  urn: string;
  type: string;
  id: string;
  inputs: Props;
  outputs: Props;
}
/** `id` '' means the resource is gone. */
export interface ReadResult {
  id: string;
  inputs: Props;
  outputs: Props;
}
export interface UpdateRequest {
  urn: string;
  type: string;
  id: string;
  olds: Props;
  oldInputs: Props;
  news: Props;
  preview: boolean;
  timeout: number;
}
export interface DeleteRequest {
  urn: string;
  type: string;
  id: string;
  outputs: Props;
  timeout: number;
}
export interface InvokeRequest {
  token: string;
  args: Props;
}
export interface InvokeResult {
  result: Props;
  failures: CheckFailure[];
}

export interface Provider {
  check(request: CheckRequest): Promise<CheckResult>;
  diff(request: DiffRequest): Promise<DiffResult>;
  create(request: CreateRequest, signal?: AbortSignal): Promise<CreateResult>;
  read(request: ReadRequest): Promise<ReadResult>;
  update(request: UpdateRequest, signal?: AbortSignal): Promise<{ outputs: Props }>;
  delete(request: DeleteRequest, signal?: AbortSignal): Promise<void>;
  invoke(request: InvokeRequest): Promise<InvokeResult>;
}

/** A create or update that left the resource half made: it is kept in state with these reasons, and updated next time. */
export class PartialFailure extends Error {
  override readonly name = 'PartialFailure';
  readonly id: string;
  readonly outputs: Props;
  constructor(message: string, id: string, outputs: Props) {
    super(message);
    this.id = id;
    this.outputs = outputs;
  }
}
