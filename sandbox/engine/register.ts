import type { Props } from '../provider/contract.ts';
import { refused } from '../../lib/errors.ts';
import { withHashes } from './assets.ts';
import type { Goal } from './goal.ts';
import type { Entry } from './ledger.ts';
import { keepOld } from './paths.ts';
import { step } from './report.ts';
import type { Run } from './run.ts';
import { Replacer } from './replace.ts';
import { checkInputs, create, difference, failed, update } from './steps.ts';
import type { ResourceState } from './types.ts';
import { STACK_TYPE, aliasUrns, makeUrn, nameOf } from './urn.ts';
import { deepEqual } from './values.ts';

/** What children take over from their parent unless they say otherwise. */
interface Inherited {
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  readonly deletedWith: string;
}
const NOTHING: Inherited = { protect: false, retainOnDelete: false, deletedWith: '' };

/** Turns registrations of one program into steps. */
export class Registrar {
  readonly #run: Run;
  readonly #replacer: Replacer;
  readonly #registered = new Set<string>();
  /** URN today → URN in state, where an alias was used; and the other way round. */
  readonly #former = new Map<string, string>();
  readonly #renamed = new Map<string, string>();
  readonly #inherited = new Map<string, Inherited>();
  /** Entries of this run: what is in the ledger and not here is to be deleted. */
  readonly kept = new Set<Entry>();

  constructor(run: Run) {
    this.#run = run;
    this.#replacer = new Replacer(run, (urn) => this.#registered.has(urn), this.kept);
  }

  claim(parent: string, type: string, name: string): string {
    const { stack, project } = this.#run.options;
    const urn = makeUrn(stack, project, parent, type, name);
    if (this.#registered.has(urn))
      throw refused(`Duplicate resource URN '${urn}'; try giving it a unique name`);
    const taken = this.#renamed.get(urn);
    if (taken !== undefined)
      throw refused(
        `Duplicate resource URN '${urn}': resource '${nameOf(taken)}' has it as an alias already`,
      );
    this.#registered.add(urn);
    return urn;
  }

  /** The entry that a goal means, under its own name or one of its aliases. */
  #find(urn: string, goal: Goal): Entry | undefined {
    const { stack, project } = this.#run.options;
    const own = this.#run.ledger.find(urn);
    if (own !== undefined) return own;
    const self = { stack, project, parent: goal.parent, type: goal.type, name: goal.name };
    for (const alias of aliasUrns(self, goal.aliases, this.#former.get(goal.parent))) {
      const entry = this.#run.ledger.find(alias);
      if (entry === undefined) continue;
      if (this.#registered.has(alias) || this.kept.has(entry))
        throw refused(
          `resource '${goal.name}' has the alias '${alias}', which this program declares as well`,
        );
      this.#former.set(urn, alias);
      this.#renamed.set(alias, urn);
      this.#run.ledger.rename(alias, urn);
      return entry;
    }
    return undefined;
  }

  #wanted(urn: string, goal: Goal): ResourceState {
    const parent = this.#inherited.get(goal.parent) ?? NOTHING;
    const inherited: Inherited = {
      protect: goal.protect ?? parent.protect,
      retainOnDelete: goal.retainOnDelete ?? parent.retainOnDelete,
      deletedWith: goal.deletedWith || parent.deletedWith,
    };
    this.#inherited.set(urn, inherited);
    const at = this.#run.options.now();
    return {
      urn,
      type: goal.type,
      custom: goal.custom,
      id: '',
      inputs: withHashes(goal.inputs, `resource ${goal.name} [${goal.type}]`),
      outputs: {},
      parent: goal.parent,
      dependencies: goal.dependencies,
      propertyDependencies: goal.propertyDependencies,
      provider: goal.provider,
      ...inherited,
      additionalSecretOutputs: goal.additionalSecretOutputs,
      timeouts: goal.timeouts,
      external: false,
      delete: false,
      pendingReplacement: false,
      initErrors: [],
      createdAt: at,
      modifiedAt: at,
    };
  }

  async register(goal: Goal): Promise<ResourceState> {
    const urn = this.claim(goal.parent, goal.type, goal.name);
    this.#run.report.learn(goal.inputs);
    const entry = this.#find(urn, goal);
    if (entry !== undefined) this.kept.add(entry);
    const wanted = this.#wanted(urn, goal);
    const state = goal.custom ? await this.#custom(goal, wanted, entry) : this.#component(wanted, entry);
    this.#keep(urn);
    return state;
  }

  #keep(urn: string): void {
    const entry = this.#run.ledger.find(urn);
    if (entry === undefined) return;
    this.kept.add(entry);
    this.#run.ledger.registered(entry);
  }

  #component(wanted: ResourceState, entry: Entry | undefined): ResourceState {
    const { report, ledger } = this.#run;
    const old = entry?.state;
    const op = old === undefined ? 'create' : deepEqual(old.inputs, wanted.inputs) ? 'same' : 'update';
    if (entry !== undefined && op === 'same') return this.#same(entry, wanted);
    const what = step(op, wanted);
    report.pre(what);
    // Outputs of the last update stay until new ones are registered.
    const made = { ...wanted, outputs: old?.outputs ?? {}, createdAt: old?.createdAt ?? wanted.createdAt };
    ledger.put(entry, made);
    report.done(what);
    return made;
  }

  /** Nothing to do for the provider; dependencies, options and secret marks may still be new. */
  #same(entry: Entry, wanted: ResourceState): ResourceState {
    const { report, ledger } = this.#run;
    const { id, outputs, createdAt, modifiedAt, initErrors } = entry.state;
    const what = step('same', wanted);
    report.pre(what);
    const made = { ...wanted, id, outputs, createdAt, modifiedAt, initErrors };
    if (!deepEqual(made, entry.state)) ledger.put(entry, made);
    report.learn(outputs);
    report.done(what);
    return made;
  }

  async #custom(goal: Goal, wanted: ResourceState, entry: Entry | undefined): Promise<ResourceState> {
    const run = this.#run;
    const replaces = this.#replacer.condemned(wanted.urn);
    // What was only read before was never ours: it is made as if it had not been there.
    if (entry === undefined || entry.state.external) {
      const inputs = await checkInputs(run, wanted, {});
      return create(run, 'create', { ...wanted, inputs }, entry);
    }
    const old = entry.state;
    if (replaces !== undefined) {
      const inputs = await checkInputs(run, wanted, {});
      return this.#replacer.recreate({ ...wanted, inputs }, entry, replaces);
    }
    const kept = keepOld(goal.ignoreChanges, old.inputs, wanted.inputs);
    if (kept.invalid.length > 0)
      run.report.diagnostic(
        'info',
        wanted.urn,
        `cannot ignore changes in added or removed elements of the path: ${kept.invalid.join(', ')}`,
      );
    const checked = {
      ...wanted,
      inputs: await checkInputs(run, { ...wanted, inputs: kept.inputs }, old.inputs),
    };
    const diff = await difference(run, old, checked, goal);
    if (old.pendingReplacement || (diff.changes && diff.replace))
      return this.#replacer.replace(goal, wanted, entry, diff);
    if (diff.changes || old.initErrors.length > 0) return update(run, entry, checked, diff.detailed);
    return this.#same(entry, checked);
  }

  /** Outputs of a component or of the stack, once the program knows them. */
  registerOutputs(urn: string, outputs: Props): void {
    const entry = this.#run.ledger.find(urn);
    if (entry === undefined || !this.kept.has(entry))
      throw new Error(`outputs for an unknown resource: ${urn}`);
    this.#run.report.learn(outputs);
    if (!deepEqual(entry.state.outputs, outputs)) this.#run.ledger.put(entry, { ...entry.state, outputs });
  }

  /** A resource that exists elsewhere: read on every run, never changed. */
  async read(
    identity: { type: string; name: string; parent: string; id: string },
    extra: Partial<ResourceState>,
    fetch: (state: ResourceState) => Promise<{ id: string; inputs: Props; outputs: Props }>,
  ): Promise<ResourceState> {
    const run = this.#run;
    const urn = this.claim(identity.parent, identity.type, identity.name);
    const entry = run.ledger.find(urn);
    const at = run.options.now();
    const wanted: ResourceState = {
      ...this.#wanted(urn, { ...emptyGoal, ...identity }),
      ...extra,
      id: identity.id,
      external: true,
      protect: false,
      createdAt: entry?.state.createdAt ?? at,
      modifiedAt: entry?.state.modifiedAt ?? at,
    };
    const what = step('read', wanted);
    run.check();
    run.report.pre(what);
    const answer = await fetch(wanted).catch((error: unknown) => {
      throw failed(run, 'read', wanted, error);
    });
    const made = { ...wanted, id: answer.id, inputs: answer.inputs, outputs: answer.outputs };
    run.report.learn(made.outputs);
    if (entry === undefined || !deepEqual(entry.state, made))
      run.ledger.put(entry, { ...made, modifiedAt: at });
    this.#keep(urn);
    run.report.done(what);
    return made;
  }

  isStack(urn: string): boolean {
    return this.#run.ledger.find(urn)?.state.type === STACK_TYPE;
  }
}

const emptyGoal: Goal = {
  type: '',
  name: '',
  custom: true,
  parent: '',
  inputs: {},
  dependencies: [],
  propertyDependencies: {},
  provider: '',
  aliases: [],
  protect: undefined,
  retainOnDelete: undefined,
  deletedWith: '',
  deleteBeforeReplace: undefined,
  ignoreChanges: [],
  replaceOnChanges: [],
  additionalSecretOutputs: [],
  timeouts: { create: 0, update: 0, delete: 0 },
};
