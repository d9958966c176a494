import * as pulumi from '@pulumi/pulumi';
import { Alias } from '@pulumi/aws/lambda/alias.js';

export interface FunctionAliasArgs {
  /** Name that users call. */
  readonly alias: string;
  readonly description: string;
  readonly functionName: pulumi.Input<string>;
  /** Number of the version with the larger share. */
  readonly version: pulumi.Input<string>;
  /** The other one, with its share from 0 to 1; undefined: the first has everything. */
  readonly other: { readonly version: pulumi.Input<string>; readonly share: number } | undefined;
  /** What must be up and verified before any traffic moves. */
  readonly after: readonly pulumi.Resource[];
}

/** The alias of one function: the only place that says who serves its users. */
export class FunctionAlias extends pulumi.ComponentResource {
  readonly alias: Alias;

  constructor(name: string, args: FunctionAliasArgs, opts?: pulumi.ComponentResourceOptions) {
    super('sluice:components:RoutingAlias', name, {}, opts);
    const { other } = args;
    this.alias = new Alias(
      `${name}-alias`,
      {
        name: args.alias,
        description: args.description,
        functionName: args.functionName,
        functionVersion: args.version,
        ...(other === undefined
          ? {}
          : {
              routingConfig: {
                additionalVersionWeights: pulumi
                  .output(other.version)
                  .apply((number): Record<string, number> => ({ [number]: other.share })),
              },
            }),
      },
      { parent: this, dependsOn: [...args.after] },
    );
    this.registerOutputs({});
  }
}
