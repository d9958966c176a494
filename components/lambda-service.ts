import * as pulumi from '@pulumi/pulumi';
import { LogGroup } from '@pulumi/aws/cloudwatch/logGroup.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import { Function as LambdaFunction } from '@pulumi/aws/lambda/function.js';
import { planLambdaService, type FunctionDefinition, type LambdaServicePlan } from './lambda-service.plan.ts';
import { tagsOf, type Scope, type Tags } from './names.ts';
import { assumedByFunctions, functionPolicy } from './policies.ts';

export interface LambdaServiceArgs {
  readonly scope: Scope;
  readonly service: string;
  /** What the function itself is: a change publishes a version. */
  readonly latest: FunctionDefinition;
  /** ARN of the policy that bounds the function's role; undefined: none. */
  readonly permissionsBoundary?: string | undefined;
}

const KEPT_DAYS = 365;

/** One function and the version that it publishes. Who is served by which version, its alias says: function-alias.ts. */
export class LambdaService extends pulumi.ComponentResource {
  readonly function: LambdaFunction;

  constructor(name: string, args: LambdaServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super('sluice:components:LambdaService', name, {}, opts);
    const { scope, service, latest, permissionsBoundary } = args;
    const plan = planLambdaService({ scope, service, ...latest });
    const tags = tagsOf(scope, { service });
    const logs = new LogGroup(
      `${name}-logs`,
      { name: plan.names.logGroup, retentionInDays: KEPT_DAYS, tags },
      { parent: this },
    );
    const role = new Role(
      `${name}-role`,
      {
        name: plan.names.role,
        assumeRolePolicy: assumedByFunctions,
        tags,
        ...(permissionsBoundary === undefined ? {} : { permissionsBoundary }),
      },
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
    this.function = this.declareFunction(name, plan, role, [policy], tags);
    this.registerOutputs({});
  }

  private declareFunction(
    name: string,
    plan: LambdaServicePlan,
    role: Role,
    after: readonly pulumi.Resource[],
    tags: Tags,
  ): LambdaFunction {
    return new LambdaFunction(
      `${name}-function`,
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
}
