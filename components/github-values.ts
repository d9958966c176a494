import * as pulumi from '@pulumi/pulumi';
import { ActionsEnvironmentSecret } from '@pulumi/github/actionsEnvironmentSecret.js';
import { ActionsEnvironmentVariable } from '@pulumi/github/actionsEnvironmentVariable.js';
import type { ValuesPlan } from './github-values.plan.ts';

export interface GithubValuesArgs {
  readonly repository: pulumi.Input<string>;
  readonly plan: ValuesPlan;
  /** Value of a secret; marked as one. */
  readonly valueOf: (name: string) => pulumi.Input<string>;
  /** The environment's name once it exists. */
  readonly environment: (name: string) => pulumi.Input<string>;
}

/** Secrets and variables of all environments. The provider encrypts with the repository's key; state has them encrypted. */
export class GithubValues extends pulumi.ComponentResource {
  constructor(name: string, args: GithubValuesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('sluice:components:GithubValues', name, {}, opts);
    const { repository, plan } = args;
    for (const { environment, name: secretName } of plan.secrets)
      new ActionsEnvironmentSecret(
        `${name}-${environment}-${secretName}`,
        {
          repository,
          environment: args.environment(environment),
          secretName,
          value: pulumi.secret(args.valueOf(secretName)),
        },
        // GitHub never gives a value back: what was typed over there by hand is not seen, and stays until it changes here.
        { parent: this },
      );
    for (const { environment, name: variableName, value } of plan.variables)
      new ActionsEnvironmentVariable(
        `${name}-${environment}-${variableName}`,
        { repository, environment: args.environment(environment), variableName, value },
        { parent: this },
      );
    this.registerOutputs({});
  }
}
