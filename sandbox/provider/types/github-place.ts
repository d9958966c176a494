import type { Props } from '../contract.ts';
import { list, object } from '../values.ts';

/** What types of one repository must know of each other: its environments, and the rules of its branches. */
export class GithubPlace {
  readonly #environments = new Map<string, Map<string, string>>();
  readonly #rules = new Map<string, Map<string, Props>>();

  #of(repository: string): Map<string, string> {
    const known = this.#environments.get(repository) ?? new Map<string, string>();
    this.#environments.set(repository, known);
    return known;
  }

  /** GitHub keeps names without their case; the same name again changes what is there. */
  addEnvironment(repository: string, name: string): void {
    const known = this.#of(repository).get(name.toLowerCase());
    if (known !== undefined && known !== name)
      throw new Error(
        `422 Unprocessable Entity: environment '${name}' differs only in case from '${known}', which exists`,
      );
    this.#of(repository).set(name.toLowerCase(), name);
  }

  removeEnvironment(repository: string, name: string): void {
    this.#of(repository).delete(name.toLowerCase());
  }

  needEnvironment(repository: string, name: string): void {
    if (this.#of(repository).has(name.toLowerCase())) return;
    throw new Error(`404 Not Found: repository ${repository} has no environment '${name}'`);
  }

  setRules(repository: string, id: string, ruleset: Props): void {
    const rules = this.#rules.get(repository) ?? new Map<string, Props>();
    rules.set(id, ruleset);
    this.#rules.set(repository, rules);
  }

  dropRules(repository: string, id: string): void {
    this.#rules.get(repository)?.delete(id);
  }

  /** A commit straight to a branch. */
  push(repository: string, branch = 'main'): void {
    for (const ruleset of this.#rules.get(repository)?.values() ?? []) {
      const refs = list(object(object(ruleset, 'conditions') ?? {}, 'refName') ?? {}, 'includes');
      const meant = refs.includes('~DEFAULT_BRANCH') || refs.includes(`refs/heads/${branch}`);
      const wants = object(object(ruleset, 'rules') ?? {}, 'pullRequest') !== undefined;
      if (meant && wants && ruleset['enforcement'] === 'active' && ruleset['target'] === 'branch')
        throw new Error(
          '409 Conflict: Repository rule violations found: changes must be made through a pull request',
        );
    }
  }
}
