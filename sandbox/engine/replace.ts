import { refused } from '../../lib/errors.ts';
import { Dependents } from './dependents.ts';
import type { Goal } from './goal.ts';
import type { Entry } from './ledger.ts';
import { step } from './report.ts';
import type { Run } from './run.ts';
import { checkInputs, create, failed, remove } from './steps.ts';
import type { Difference } from './steps.ts';
import type { ResourceState } from './types.ts';

const protectedError = (urn: string, because: string): Error =>
  refused(
    `unable to replace resource "${urn}"\n${because}it is currently marked for protection`,
    'To unprotect the resource, remove the `protect` option from the program and update once more.',
  );

/** Replacements of one run, both ways. */
export class Replacer {
  readonly #run: Run;
  readonly #registered: (urn: string) => boolean;
  readonly #kept: Set<Entry>;
  readonly #dependents: Dependents;
  /** Deleted because something they depend on was deleted first; made again when they are registered. */
  readonly #condemned = new Map<string, readonly string[]>();

  constructor(run: Run, registered: (urn: string) => boolean, kept: Set<Entry>) {
    this.#run = run;
    this.#registered = registered;
    this.#kept = kept;
    this.#dependents = new Dependents(run, run.ledger.entries());
  }

  /** Why a resource was deleted before its turn, once; undefined when it was not. */
  condemned(urn: string): readonly string[] | undefined {
    const replaces = this.#condemned.get(urn);
    this.#condemned.delete(urn);
    return replaces;
  }

  /** Replaces a resource: the new one first, or the old one, as the options and the provider say. */
  async replace(goal: Goal, wanted: ResourceState, entry: Entry, diff: Difference): Promise<ResourceState> {
    const run = this.#run;
    const old = entry.state;
    if (wanted.protect && old.protect)
      throw failed(run, 'replace', wanted, protectedError(wanted.urn, 'because '));
    // Defaults and names that were carried over from the old one do not hold for its replacement.
    const next = { ...wanted, inputs: await checkInputs(run, wanted, {}) };
    if (old.pendingReplacement) return this.recreate(next, entry, diff.replaces, diff);
    if (goal.deleteBeforeReplace ?? diff.deleteBeforeReplace) {
      await this.#makeRoom(entry);
      return this.recreate(next, entry, diff.replaces, diff);
    }
    const made = await create(
      run,
      'create-replacement',
      next,
      undefined,
      () => {
        run.ledger.put(entry, { ...old, urn: wanted.urn, delete: true });
        this.#kept.delete(entry);
      },
      diff.detailed,
      diff.replaces,
    );
    this.#announce(wanted, diff.replaces, diff);
    return made;
  }

  /** Deletes a resource, and first the dependents that cannot outlive it. */
  async #makeRoom(entry: Entry): Promise<void> {
    const run = this.#run;
    const { urn } = entry.state;
    const found = await this.#dependents.replacedWith(
      entry,
      (other) => this.#registered(other) || this.#condemned.has(other),
    );
    // Some may be gone already, from an earlier try that went no further.
    const dependents = found.filter((d) => !d.entry.state.pendingReplacement);
    const guarded = dependents.find((d) => d.entry.state.protect);
    if (guarded !== undefined)
      throw failed(
        run,
        'replace',
        guarded.entry.state,
        protectedError(guarded.entry.state.urn, `as part of replacing "${urn}", because `),
      );
    for (const { entry: dependent, replaces } of dependents)
      this.#condemned.set(dependent.state.urn, replaces);
    for (const { entry: dependent } of dependents)
      await remove(run, 'delete-replaced', dependent, new Set(), 'pendingReplacement');
    await remove(run, 'delete-replaced', entry, new Set(), 'pendingReplacement');
  }

  /** Makes a resource again whose former self is deleted already. */
  async recreate(
    wanted: ResourceState,
    entry: Entry,
    replaces: readonly string[],
    diff?: Difference,
  ): Promise<ResourceState> {
    this.#announce(wanted, replaces, diff);
    return create(this.#run, 'create-replacement', wanted, entry, undefined, diff?.detailed, replaces);
  }

  #announce(wanted: ResourceState, replaces: readonly string[], diff?: Difference): void {
    const what = step('replace', wanted, diff?.detailed, replaces);
    this.#run.report.pre(what);
    this.#run.report.done(what);
  }
}
