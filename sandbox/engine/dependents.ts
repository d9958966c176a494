import { UNKNOWN } from '../provider/contract.ts';
import type { Props } from '../provider/contract.ts';
import type { Entry } from './ledger.ts';
import { inDeletionOrder, needs, providerUrn } from './order.ts';
import type { Run } from './run.ts';
import { difference } from './steps.ts';

export interface Dependent {
  readonly entry: Entry;
  /** Properties that force its replacement. */
  readonly replaces: readonly string[];
}

/** Who needs whom, by the state of the last update. Built once, when it is first asked. */
export class Dependents {
  readonly #run: Run;
  readonly #olds: readonly Entry[];
  #index: Map<string, Entry[]> | undefined;

  constructor(run: Run, olds: readonly Entry[]) {
    this.#run = run;
    this.#olds = olds;
  }

  #dependentsOf(urn: string): readonly Entry[] {
    if (this.#index === undefined) {
      this.#index = new Map();
      for (const entry of this.#olds)
        for (const need of needs(entry.state)) {
          const list = this.#index.get(need);
          if (list === undefined) this.#index.set(need, [entry]);
          else list.push(entry);
        }
    }
    return this.#index.get(urn) ?? [];
  }

  /**
   * What else has to go when `root` is deleted before its replacement exists: dependents that could not keep what
   * they were made from. Each is asked with the properties that come from a deleted resource unknown. Resources that
   * this run has registered already cannot depend on `root` any more. Dependents first.
   */
  async replacedWith(root: Entry, registered: (urn: string) => boolean): Promise<Dependent[]> {
    const going = new Set([root.state.urn]);
    const found = new Map<Entry, Dependent>();
    const queue = [root.state.urn];
    for (let urn = queue.shift(); urn !== undefined; urn = queue.shift()) {
      for (const entry of this.#dependentsOf(urn)) {
        const { state } = entry;
        if (found.has(entry) || !state.custom || state.external || state.delete || registered(state.urn))
          continue;
        const replaces = await this.#replaces(entry, going);
        if (replaces === undefined) continue;
        found.set(entry, { entry, replaces });
        going.add(state.urn);
        queue.push(state.urn);
      }
    }
    const order = await inDeletionOrder([...found.keys()]);
    return order.map((entry) => found.get(entry)).filter((d) => d !== undefined);
  }

  async #replaces(entry: Entry, going: ReadonlySet<string>): Promise<readonly string[] | undefined> {
    const { state } = entry;
    if (going.has(providerUrn(state.provider))) return [];
    let touched = false;
    const inputs: Props = {};
    for (const [key, value] of Object.entries(state.inputs)) {
      const lost = state.propertyDependencies[key]?.some((urn) => going.has(urn)) ?? false;
      touched ||= lost;
      inputs[key] = lost ? UNKNOWN : value;
    }
    if (!touched) return undefined;
    const options = { ignoreChanges: [], replaceOnChanges: [] };
    const answer = await difference(this.#run, state, { ...state, inputs }, options);
    return answer.replace ? answer.replaces : undefined;
  }
}
