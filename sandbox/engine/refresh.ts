import type { Entry } from './ledger.ts';
import { step } from './report.ts';
import type { Run } from './run.ts';
import { failed, markOutputs } from './steps.ts';
import type { Op, ResourceState } from './types.ts';
import { isProviderType } from './urn.ts';
import { deepEqual, markLike, unwrapProps } from './values.ts';

const asked = (state: ResourceState): boolean =>
  state.custom && !state.external && !state.pendingReplacement && !isProviderType(state.type);

const refreshOne = (run: Run, entry: Entry): Promise<void> => {
  const { state } = entry;
  const { urn, type, id } = state;
  return run.operate('reading', state, async () => {
    run.report.pre(step('refresh', state));
    const answer = await run
      .handler(type)
      .read({ urn, type, id, inputs: unwrapProps(state.inputs), outputs: unwrapProps(state.outputs) })
      .catch((error: unknown) => {
        throw failed(run, 'refresh', state, error);
      });
    let op: Op = 'same';
    if (answer.id === '') {
      run.ledger.drop(entry);
      op = 'delete';
    } else {
      const inputs = markLike(answer.inputs, state.inputs);
      const outputs = markOutputs(run, markLike(answer.outputs, state.outputs), state);
      const next = { ...state, id: answer.id, inputs, outputs, initErrors: [] };
      if (!deepEqual(next, state)) {
        run.ledger.put(entry, { ...next, modifiedAt: run.options.now() });
        op = 'update';
      }
    }
    run.report.done(step(op, state));
  });
};

/** Asks the providers about everything in state. What is gone leaves state; its dependents are asked themselves. */
export const refreshAll = async (run: Run): Promise<void> => {
  for (const entry of run.ledger.entries()) {
    if (asked(entry.state)) run.follow(refreshOne(run, entry));
    else run.report.done(step('same', entry.state));
  }
  await run.idle();
};
