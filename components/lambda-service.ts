import * as pulumi from '@pulumi/pulumi';
import { LogGroup } from '@pulumi/aws/cloudwatch/logGroup.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import { Alias } from '@pulumi/aws/lambda/alias.js';
import { Function as LambdaFunction } from '@pulumi/aws/lambda/function.js';
import { planLambdaService, type FunctionDefinition, type LambdaServicePlan } from './lambda-service.plan.ts';
import { tagsOf, type Scope, type Tags } from './names.ts';
import { assumedByFunctions, functionPolicy } from './policies.ts';

export interface LambdaServiceArgs {
  readonly scope: Scope;
  readonly service: string;
  /** What the function itself is: a change publishes a version. */
  readonly latest: FunctionDefinition;
}

export interface AliasArgs {
  /** Name that users call. */
  readonly alias: string;
  /** Number of the version with the larger share. */
  readonly version: pulumi.Input<string>;
  /** The other one, with its share from 0 to 1; undefined: it has everything. */
  readonly other: { readonly version: pulumi.Input<string>; readonly share: number } | undefined;
  /** What must be up and verified before traffic moves. */
  readonly after: readonly pulumi.Resource[];
}

const KEPT_DAYS = 365;

/**
 * One function, its published versions and the alias that users call. The alias is declared afterwards, when what was
 * published has been verified: it is the only place that says who serves users.
 */
export class LambdaService extends pulumi.ComponentResource {
  readonly function: LambdaFunction;
  private readonly scope: Scope;
  private readonly service: string;
  private readonly label: string;

  constructor(name: string, args: LambdaServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super('sluice:components:LambdaService', name, {}, opts);
    const { scope, service, latest } = args;
    this.scope = scope;
    this.service = service;
    this.label = name;
    const plan = planLambdaService({ scope, service, ...latest });
    const tags = tagsOf(scope, { service });
    const logs = new LogGroup(
      `${name}-logs`,
      { name: plan.names.logGroup, retentionInDays: KEPT_DAYS, tags },
      { parent: this },
    );
    const role = new Role(
      `${name}-role`,
      { name: plan.names.role, assumeRolePolicy: assumedByFunctions, tags },
      { parent: this },
    );
    const policy = new RolePolicy(
      `${name}-policy`,
      {
        role: role.id,
        policy: logs.arn.apply((logGroupArn) => functionPolicy({ logGroupArn, secretArns: plan.secretArns })),
      },
      { parent: this },
    );
    this.function = this.declareFunction(plan, role, [policy], tags);
    this.registerOutputs({});
  }

  private declareFunction(
    plan: LambdaServicePlan,
    role: Role,
    after: readonly pulumi.Resource[],
    tags: Tags,
  ): LambdaFunction {
    return new LambdaFunction(
      `${this.label}-function`,
      {
        name: plan.names.function,
        role: role.arn,
        runtime: plan.runtime,
        handler: plan.handler,
        architectures: [plan.architecture],
        memorySize: plan.memory,
        timeout: plan.timeout,
        s3Bucket: plan.code.bucket,
        s3Key: plan.code.key,
        codeSha256: plan.code.sha256Base64,
        publish: true,
        description: plan.description,
        environment: { variables: { ...plan.variables } },
        loggingConfig: { logFormat: 'Text', logGroup: plan.names.logGroup },
        tags,
      },
      { parent: this, dependsOn: [...after] },
    );
  }

  declareAlias({ alias, version, other, after }: AliasArgs): Alias {
    return new Alias(
      `${this.label}-alias`,
      {
        name: alias,
        functionName: this.function.name,
        functionVersion: version,
        description: `users of ${this.service} in ${this.scope.environment}`,
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
      { parent: this, dependsOn: [...after] },
    );
  }
}
