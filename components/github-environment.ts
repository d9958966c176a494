import * as pulumi from '@pulumi/pulumi';
import { RepositoryEnvironment } from '@pulumi/github/repositoryEnvironment.js';
import { RepositoryEnvironmentDeploymentPolicy } from '@pulumi/github/repositoryEnvironmentDeploymentPolicy.js';
import type { PlannedEnvironment } from './github-environment.plan.ts';

export interface GithubEnvironmentArgs {
  /** Name of the repository, without its owner. */
  readonly repository: pulumi.Input<string>;
  readonly planned: PlannedEnvironment;
}

/** One environment: who is asked, how long is waited, from which branches and tags jobs may run. */
export class GithubEnvironment extends pulumi.ComponentResource {
  /** Ready for secrets and variables. */
  readonly environment: RepositoryEnvironment;

  constructor(name: string, args: GithubEnvironmentArgs, opts?: pulumi.ComponentResourceOptions) {
    super('sluice:components:GithubEnvironment', name, {}, opts);
    const { repository, planned } = args;
    const { environment, reviewers, waitTimer, preventSelfReview, policies } = planned;
    this.environment = new RepositoryEnvironment(
      `${name}-environment`,
      {
        repository,
        environment,
        // GitHub's default lets administrators pass a review that they should wait for.
        canAdminsBypass: false,
        preventSelfReview,
        ...(waitTimer === undefined ? {} : { waitTimer }),
        ...(reviewers === undefined
          ? {}
          : { reviewers: [{ users: [...reviewers.users], teams: [...reviewers.teams] }] }),
        ...(policies.length === 0
          ? {}
          : { deploymentBranchPolicy: { protectedBranches: false, customBranchPolicies: true } }),
      },
      { parent: this },
    );
    for (const { kind, pattern } of policies)
      new RepositoryEnvironmentDeploymentPolicy(
        `${name}-${kind}-${pattern}`,
        {
          repository,
          environment: this.environment.environment,
          ...(kind === 'branch' ? { branchPattern: pattern } : { tagPattern: pattern }),
        },
        { parent: this },
      );
    this.registerOutputs({});
  }
}
