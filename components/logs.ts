import * as pulumi from '@pulumi/pulumi';
import { LogGroup } from '@pulumi/aws/cloudwatch/logGroup.js';
import { tagsOf, type Scope } from './names.ts';

export interface LogsArgs {
  readonly scope: Scope;
  readonly services: readonly string[];
}

const KEPT_DAYS = 365;

/**
 * One log group per service, for both slots: what a failed version wrote must outlive its slot. Streams are told
 * apart by slot and deployment.
 */
export class Logs extends pulumi.ComponentResource {
  readonly groups: Readonly<Record<string, { readonly name: string; readonly arn: pulumi.Output<string> }>>;

  constructor(name: string, args: LogsArgs, opts?: pulumi.ComponentResourceOptions) {
    super('sluice:components:Logs', name, {}, opts);
    const { application, environment } = args.scope;
    this.groups = Object.fromEntries(
      args.services.map((service) => {
        const group = `/sluice/${application}/${environment}/${service}`;
        const made = new LogGroup(
          `${name}-${service}`,
          { name: group, retentionInDays: KEPT_DAYS, tags: tagsOf(args.scope, { service }) },
          { parent: this },
        );
        return [service, { name: group, arn: made.arn }];
      }),
    );
    this.registerOutputs({});
  }
}
