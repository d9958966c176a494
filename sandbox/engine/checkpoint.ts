import { ExpectedError, EXIT } from '../../lib/errors.ts';
import type { Cipher, KeyInfo } from './cipher.ts';
import { openCipher } from './cipher.ts';
import { Ledger } from './ledger.ts';
import type { JournalLine } from './ledger.ts';
import type { StateStore } from './store.ts';
import type { PendingOperation, ResourceState } from './types.ts';
import { isSealed, isSecret, rewrite, sealed, secret } from './values.ts';

const FORMAT = 1;

/** A snapshot as it is written: secrets sealed, fields at their default left out. */
interface Snapshot {
  readonly format: typeof FORMAT;
  readonly generation: number;
  readonly project: string;
  readonly stack: string;
  readonly key?: KeyInfo;
  readonly resources: readonly unknown[];
  readonly pendingOperations: readonly unknown[];
}

const DEFAULTS = {
  custom: true,
  id: '',
  inputs: {},
  outputs: {},
  parent: '',
  dependencies: [],
  propertyDependencies: {},
  provider: '',
  protect: false,
  retainOnDelete: false,
  deletedWith: '',
  additionalSecretOutputs: [],
  timeouts: { create: 0, update: 0, delete: 0 },
  external: false,
  delete: false,
  pendingReplacement: false,
  initErrors: [],
} as const satisfies Partial<ResourceState>;

const isDefault = (value: unknown): boolean => {
  if (value === false || value === '') return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).every((item) => item === 0);
};

/** Sealed for storage. `custom` is always written: its default is not the empty value. */
export const encodeResource = (state: ResourceState, cipher: Cipher): Record<string, unknown> => {
  const seal = (value: unknown): unknown =>
    rewrite(value, (v) => (isSecret(v) ? sealed(cipher.encrypt(JSON.stringify(v.value ?? null))) : v));
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(state)) {
    if (key === 'custom') out[key] = value;
    else if (key === 'inputs' || key === 'outputs') {
      if (Object.keys(value as object).length > 0) out[key] = seal(value);
    } else if (!isDefault(value)) out[key] = value;
  }
  return out;
};

export const decodeResource = (stored: unknown, open: (ciphertext: string) => unknown): ResourceState => {
  const unseal = (value: unknown): unknown =>
    rewrite(value, (v) => (isSealed(v) ? secret(open(v.ciphertext)) : v));
  const raw = stored as ResourceState;
  return {
    ...DEFAULTS,
    ...raw,
    inputs: unseal(raw.inputs ?? {}) as ResourceState['inputs'],
    outputs: unseal(raw.outputs ?? {}) as ResourceState['outputs'],
  };
};

const damaged = (what: string, cause?: unknown): ExpectedError =>
  new ExpectedError(`the state of this stack is damaged: ${what}`, {
    exit: EXIT.personNeeded,
    hint: 'Restore state.json from a copy, or remove the folder of this stack to start anew.',
    cause,
  });

const parseSnapshot = (text: string): Snapshot => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged('state.json is no JSON', error);
  }
  const snapshot = value as Partial<Snapshot>;
  if (snapshot.format !== FORMAT || !Array.isArray(snapshot.resources))
    throw damaged(`state.json has format ${String(snapshot.format)}, this version reads ${FORMAT}`);
  return snapshot as Snapshot;
};

interface JournalHeader {
  readonly generation: number;
  readonly key: KeyInfo;
}

/** Lines that belong to the snapshot; a line cut off by a kill ends the journal. */
const parseJournal = (
  text: string,
  generation: number,
): { header: JournalHeader; lines: JournalLine[] } | undefined => {
  const lines: unknown[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    try {
      lines.push(JSON.parse(line));
    } catch {
      break;
    }
  }
  const [header, ...rest] = lines as [JournalHeader?, ...JournalLine[]];
  if (header === undefined || header.generation !== generation) return undefined;
  return { header, lines: rest };
};

/** The state of one stack, read once, and how to keep it. */
export interface Checkpoint {
  readonly ledger: Ledger;
  /** False while nothing was ever stored. */
  readonly exists: boolean;
  /** One text under the key of this stack. */
  seal(text: string): string;
  /** Writes snapshot and empties the journal. */
  save(): void;
  /** From now on every change of the ledger is on disk before the next step. */
  record(mayWrite: () => void): void;
}

export interface CheckpointOptions {
  readonly store: StateStore;
  readonly project: string;
  readonly stack: string;
  readonly passphrase: string;
  /** Reading only: a secret that cannot be opened stays closed instead of failing. */
  readonly lenient?: boolean;
}

export const openCheckpoint = async (options: CheckpointOptions): Promise<Checkpoint> => {
  const { store } = options;
  const text = store.snapshot();
  const snapshot = text === undefined ? undefined : parseSnapshot(text);
  let generation = snapshot?.generation ?? 0;
  const journal = parseJournal(store.journal(), generation);
  const key = snapshot?.key ?? journal?.header.key;
  let cipher: Cipher | undefined;
  try {
    cipher = await openCipher(options.passphrase, key);
  } catch (error) {
    if (!options.lenient) throw error;
  }
  const open = (ciphertext: string): unknown =>
    cipher === undefined ? null : (JSON.parse(cipher.decrypt(ciphertext)) as unknown);
  const decode = (stored: unknown): ResourceState => decodeResource(stored, open);
  const pending = (snapshot?.pendingOperations ?? []).map((stored) => {
    const operation = stored as PendingOperation;
    return { type: operation.type, resource: decode(operation.resource) };
  });
  const ledger = new Ledger((snapshot?.resources ?? []).map(decode), pending);
  if (journal !== undefined) ledger.replay(journal.lines, decode);

  const seal = (state: ResourceState): Record<string, unknown> => {
    if (cipher === undefined) throw new Error('state was opened for reading only');
    return encodeResource(state, cipher);
  };
  const save = (): void => {
    generation += 1;
    const next: Snapshot = {
      format: FORMAT,
      generation,
      project: options.project,
      stack: options.stack,
      ...(cipher === undefined ? {} : { key: cipher.info }),
      resources: ledger.resources().map(seal),
      pendingOperations: ledger.pending().map((p) => ({ type: p.type, resource: seal(p.resource) })),
    };
    store.save(`${JSON.stringify(next)}\n`);
  };
  return {
    ledger,
    exists: snapshot !== undefined || journal !== undefined,
    seal: (plain) => {
      if (cipher === undefined) throw new Error('state was opened for reading only');
      return cipher.encrypt(JSON.stringify(plain));
    },
    save,
    record: (mayWrite) => {
      // What an interrupted update left is made a snapshot first: a journal belongs to one update.
      if (journal !== undefined) save();
      let started = false;
      ledger.onChange((line) => {
        mayWrite();
        if (!started && cipher !== undefined)
          store.append(JSON.stringify({ generation, key: cipher.info } satisfies JournalHeader));
        started = true;
        store.append(JSON.stringify(line));
      }, seal);
    },
  };
};
