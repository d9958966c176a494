import { refused } from '../../lib/errors.ts';
import type { Props } from '../provider/contract.ts';
import type { Ledger } from './ledger.ts';
import type { Run } from './run.ts';
import type { OutputValue, Outputs } from './types.ts';
import { STACK_TYPE } from './urn.ts';
import { containsSecret, unwrap } from './values.ts';

/** Outputs of the last update, with their marks; undefined before the first. */
export const stackOutputs = (ledger: Ledger): Props | undefined =>
  ledger.entries().find((entry) => entry.state.type === STACK_TYPE)?.state.outputs;

/** As callers read them: the plain value, and whether there is a secret in it. */
export const readable = (outputs: Props): Outputs =>
  Object.fromEntries(
    Object.entries(outputs).map(([name, value]): [string, OutputValue] => [
      name,
      { value: unwrap(value), secret: containsSecret(value) },
    ]),
  );

/** Remembers the outputs at the start of a run: a program that refers to its own stack sees the last update's. */
const before = new WeakMap<Run, Props>();
export const rememberOutputs = (run: Run): void => {
  before.set(run, stackOutputs(run.ledger) ?? {});
};

/** What a StackReference holds. Own names: `organization/project/stack`, `project/stack` or `stack`. */
export const referenceOutputs = async (run: Run, name: string): Promise<Props> => {
  const { organization = 'organization', project, stack, referenced } = run.options;
  const own = [`${organization}/${project}/${stack}`, `${project}/${stack}`, stack].includes(name);
  const outputs = own ? (before.get(run) ?? {}) : await referenced?.(name);
  if (outputs === undefined)
    throw refused(`there is no stack '${name}' here`, 'Update that stack first, or correct the reference.');
  return {
    name,
    outputs,
    secretOutputNames: Object.keys(outputs).filter((key) => containsSecret(outputs[key])),
  };
};
