import * as pulumi from '@pulumi/pulumi';
import { Repository } from '@pulumi/github/repository.js';
import { RepositoryRuleset } from '@pulumi/github/repositoryRuleset.js';
import type { GithubRepository as RepositorySettings } from '../config/github.types.ts';
import type { PlannedRuleset } from './github-repository.plan.ts';

export interface GithubRepositoryArgs {
  readonly settings: RepositorySettings;
  readonly linearHistory: boolean;
  readonly rulesets: readonly PlannedRuleset[];
}

/** The repository's settings and its rules. The repository itself is never deleted from here. */
export class GithubRepository extends pulumi.ComponentResource {
  /** The repository's name, known when its settings are done. */
  readonly repository: pulumi.Output<string>;

  constructor(name: string, args: GithubRepositoryArgs, opts?: pulumi.ComponentResourceOptions) {
    super('sluice:components:GithubRepository', name, {}, opts);
    const { settings, rulesets, linearHistory } = args;
    this.repository = settings.managed
      ? this.declareSettings(name, settings, linearHistory)
      : pulumi.output(settings.name);
    for (const planned of rulesets) this.declareRuleset(name, planned);
    this.registerOutputs({});
  }

  private declareSettings(
    name: string,
    settings: RepositorySettings,
    linearHistory: boolean,
  ): pulumi.Output<string> {
    const made = new Repository(
      `${name}-settings`,
      {
        name: settings.name,
        visibility: settings.visibility,
        // With a linear history GitHub would offer merge commits and then refuse them.
        allowMergeCommit: !linearHistory,
        deleteBranchOnMerge: true,
        hasIssues: true,
        archiveOnDestroy: true,
      },
      { parent: this, protect: true, retainOnDelete: true },
    );
    return made.name;
  }

  private declareRuleset(name: string, { name: ruleset, target, refs, bypass, rules }: PlannedRuleset): void {
    const { checks, ...plain } = rules;
    new RepositoryRuleset(
      `${name}-${ruleset}`,
      {
        repository: this.repository,
        name: ruleset,
        target,
        enforcement: 'active',
        conditions: { refName: { includes: [...refs], excludes: [] } },
        bypassActors: bypass.map((actorId) => ({
          actorId,
          actorType: 'RepositoryRole',
          bypassMode: 'always',
        })),
        rules: {
          ...plain,
          ...(checks === undefined
            ? {}
            : {
                requiredStatusChecks: {
                  requiredChecks: checks.map((context) => ({ context })),
                  strictRequiredStatusChecksPolicy: true,
                },
              }),
        },
      },
      { parent: this },
    );
  }
}
