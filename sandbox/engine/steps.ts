import { randomBytes } from 'node:crypto';
import { messageOf } from '../../lib/errors.ts';
import { PartialFailure } from '../provider/contract.ts';
import type { DiffKind, Props } from '../provider/contract.ts';
import { ResourceFailed } from './failure.ts';
import type { Entry } from './ledger.ts';
import { covers, parsePath } from './paths.ts';
import { step } from './report.ts';
import type { Run } from './run.ts';
import type { DetailedDiff, Op, ResourceState } from './types.ts';
import { nameOf } from './urn.ts';
import { containsUnknown, markLike, markNamed, unwrapProps } from './values.ts';

/** What a handler made of the inputs, with the program's secret marks. */
export const checkInputs = async (run: Run, state: ResourceState, olds: Props): Promise<Props> => {
  const { urn, type } = state;
  run.check();
  const result = await run
    .handler(type)
    .check({
      urn,
      type,
      olds: unwrapProps(olds),
      news: unwrapProps(state.inputs),
      randomSeed: randomBytes(32).toString('hex'),
    })
    .catch((error: unknown) => {
      throw failed(run, 'create', state, error);
    });
  if (result.failures.length > 0) {
    const reasons = result.failures.map((f) => (f.property === '' ? f.reason : `${f.property}: ${f.reason}`));
    throw failed(run, 'create', state, new Error(`inputs are refused: ${reasons.join('; ')}`));
  }
  return markLike(result.inputs, state.inputs);
};

export interface Difference {
  readonly changes: boolean;
  readonly replace: boolean;
  readonly replaces: readonly string[];
  readonly detailed: DetailedDiff;
  readonly deleteBeforeReplace: boolean;
}

const REPLACING: Readonly<Record<DiffKind, DiffKind>> = {
  add: 'add-replace',
  delete: 'delete-replace',
  update: 'update-replace',
  'add-replace': 'add-replace',
  'delete-replace': 'delete-replace',
  'update-replace': 'update-replace',
};

/** What a handler says about old and new inputs, with `replaceOnChanges` applied to its leaf paths. */
export const difference = async (
  run: Run,
  old: ResourceState,
  next: ResourceState,
  options: { ignoreChanges: readonly string[]; replaceOnChanges: readonly string[] },
): Promise<Difference> => {
  run.check();
  const answer = await run
    .handler(next.type)
    .diff({
      urn: next.urn,
      type: next.type,
      id: old.id,
      olds: unwrapProps(old.outputs),
      oldInputs: unwrapProps(old.inputs),
      news: unwrapProps(next.inputs),
      ignoreChanges: [...options.ignoreChanges],
    })
    .catch((error: unknown) => {
      throw failed(run, 'update', next, error);
    });
  const forced = options.replaceOnChanges.map(parsePath).filter((path) => path !== undefined);
  const replaces = new Set(answer.replaces);
  const detailed: Record<string, { kind: DiffKind }> = {};
  for (const [text, { kind }] of Object.entries(answer.detailed)) {
    const leaf = parsePath(text);
    const promoted = answer.changes && leaf !== undefined && forced.some((path) => covers(path, leaf));
    const now = promoted ? REPLACING[kind] : kind;
    detailed[text] = { kind: now };
    if (now.endsWith('-replace') && leaf !== undefined) replaces.add(String(leaf[0]));
  }
  return {
    changes: answer.changes,
    replace: replaces.size > 0,
    replaces: [...replaces],
    detailed,
    deleteBeforeReplace: answer.deleteBeforeReplace,
  };
};

/** Reports a failed step and gives the error that ends the run. */
export const failed = (run: Run, op: Op, state: ResourceState, error: unknown): ResourceFailed => {
  const reason = messageOf(error) || 'failed without a message';
  run.report.fail(step(op, state), reason);
  return new ResourceFailed(state.urn, `${state.type} '${nameOf(state.urn)}': ${reason}`, error);
};

/** Outputs as state keeps them: secret where the input was, and where the program says so. */
export const markOutputs = (run: Run, outputs: Props, state: ResourceState): Props => {
  const marked = markNamed(markLike(outputs, state.inputs), state.additionalSecretOutputs);
  run.report.learn(marked);
  return marked;
};

/** Creates a resource and puts it into the ledger under `entry`, or as a new one. */
export const create = async (
  run: Run,
  op: 'create' | 'create-replacement',
  wanted: ResourceState,
  entry: Entry | undefined,
  before: () => void = () => undefined,
  diff: DetailedDiff = {},
  replaces: readonly string[] = [],
): Promise<ResourceState> => {
  const { urn, type } = wanted;
  const what = step(op, wanted, diff, replaces);
  const put = (
    id: string,
    outputs: Props,
    initErrors: readonly string[],
    operation: number | undefined,
  ): ResourceState => {
    const at = run.options.now();
    before();
    const made = {
      ...wanted,
      id,
      outputs: markOutputs(run, outputs, wanted),
      initErrors,
      createdAt: at,
      modifiedAt: at,
    };
    run.ledger.put(entry, made, operation);
    return made;
  };
  return run.operate('creating', wanted, async (operation) => {
    run.report.pre(what);
    let state: ResourceState;
    try {
      const inputs = unwrapProps(wanted.inputs);
      if (!run.preview && containsUnknown(inputs)) throw new Error('an input is unknown during an update');
      const result = await run
        .handler(type)
        .create({ urn, type, inputs, preview: run.preview, timeout: wanted.timeouts.create }, run.signal);
      if (!run.preview && result.id === '') throw new Error('the provider gave it no id');
      state = put(result.id, result.outputs, [], operation);
    } catch (error) {
      if (error instanceof PartialFailure && !run.preview)
        put(error.id, error.outputs, [run.report.text(error.message)], operation);
      throw failed(run, op, wanted, error);
    }
    run.report.done(what);
    return state;
  });
};

/** Changes a resource in place. */
export const update = async (
  run: Run,
  entry: Entry,
  wanted: ResourceState,
  diff: DetailedDiff,
): Promise<ResourceState> => {
  const old = entry.state;
  const { urn, type } = wanted;
  const what = step('update', wanted, diff);
  const put = (
    outputs: Props,
    initErrors: readonly string[],
    operation: number | undefined,
  ): ResourceState => {
    const made = {
      ...wanted,
      id: old.id,
      outputs: markOutputs(run, outputs, wanted),
      initErrors,
      createdAt: old.createdAt,
      modifiedAt: run.options.now(),
    };
    run.ledger.put(entry, made, operation);
    return made;
  };
  return run.operate('updating', { ...wanted, id: old.id }, async (operation) => {
    run.report.pre(what);
    let state: ResourceState;
    try {
      const news = unwrapProps(wanted.inputs);
      if (!run.preview && containsUnknown(news)) throw new Error('an input is unknown during an update');
      const { outputs } = await run.handler(type).update(
        {
          urn,
          type,
          id: old.id,
          olds: unwrapProps(old.outputs),
          oldInputs: unwrapProps(old.inputs),
          news,
          preview: run.preview,
          timeout: wanted.timeouts.update,
        },
        run.signal,
      );
      state = put(outputs, [], operation);
    } catch (error) {
      if (error instanceof PartialFailure && !run.preview)
        put(error.outputs, [run.report.text(error.message)], operation);
      throw failed(run, 'update', wanted, error);
    }
    run.report.done(what);
    return state;
  });
};

/** Whether deleting means calling a handler: not for components, and not for what is kept or only read. */
const reallyDeletes = (state: ResourceState, gone: ReadonlySet<string>): boolean =>
  state.custom &&
  !state.external &&
  !state.retainOnDelete &&
  !(state.deletedWith !== '' && gone.has(state.deletedWith));

/**
 * Deletes a resource. `after` says what becomes of its entry: a resource that makes room for its replacement stays,
 * marked, until the replacement exists. `gone`: what is deleted too, for `deletedWith`.
 */
export const remove = async (
  run: Run,
  op: 'delete' | 'delete-replaced' | 'discard',
  entry: Entry,
  gone: ReadonlySet<string>,
  after: 'drop' | 'pendingReplacement',
): Promise<void> => {
  const { state } = entry;
  const { urn, type, id } = state;
  const what = step(op, state);
  const settle = (operation: number | undefined): void => {
    if (after === 'drop') run.ledger.drop(entry, operation);
    else run.ledger.put(entry, { ...state, pendingReplacement: true }, operation);
  };
  const work = async (operation: number | undefined): Promise<void> => {
    run.report.pre(what);
    if (reallyDeletes(state, gone) && !run.preview) {
      try {
        await run
          .handler(type)
          .delete(
            { urn, type, id, outputs: unwrapProps(state.outputs), timeout: state.timeouts.delete },
            run.signal,
          );
      } catch (error) {
        throw failed(run, op, state, error);
      }
    }
    settle(operation);
    run.report.done(what);
  };
  if (state.custom && !state.external) await run.operate('deleting', state, work);
  else {
    run.check();
    await work(undefined);
  }
};
