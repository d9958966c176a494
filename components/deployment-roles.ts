import * as pulumi from '@pulumi/pulumi';
import { OpenIdConnectProvider } from '@pulumi/aws/iam/openIdConnectProvider.js';
import { Policy } from '@pulumi/aws/iam/policy.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import { RolePolicyAttachment } from '@pulumi/aws/iam/rolePolicyAttachment.js';
import {
  AUDIENCE,
  ISSUER,
  type PlannedPolicy,
  type PlannedRole,
  type RolesPlan,
} from './deployment-roles.plan.ts';

export interface DeploymentRolesArgs {
  readonly application: string;
  readonly plan: RolesPlan;
  /** Whether the provider for GitHub's tokens is made here: AWS takes one an account. */
  readonly trust: 'new' | 'existing';
}

const DESCRIPTIONS: Readonly<Record<PlannedPolicy['part'], string>> = {
  look: 'What previews and looks at what is live need',
  network: 'What an update changes: network, load balancer, addresses',
  services: 'What an update changes: services, roles, logs, buckets',
  boundary: 'The most that roles of services may ever do',
};

/** Trust in GitHub's tokens, and a role for each environment and kind of job. No long-lived key anywhere. */
export class DeploymentRoles extends pulumi.ComponentResource {
  /** `production-deploy` → ARN. */
  readonly arns: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(name: string, args: DeploymentRolesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('sluice:components:DeploymentRoles', name, {}, opts);
    const { application, plan, trust } = args;
    const child = { parent: this };
    const tags = (environment: string) => ({ application, environment, 'managed-by': 'sluice' });
    const provider =
      trust === 'existing'
        ? undefined
        : new OpenIdConnectProvider(
            `${name}-github`,
            // AWS checks GitHub's certificate by its own list of authorities: thumbprints are not looked at.
            { url: `https://${ISSUER}`, clientIdLists: [AUDIENCE], tags: tags('foundation') },
            child,
          );
    const policies = new Map(
      plan.policies.map(({ deployed, part, name: policyName, policy }) => [
        policyName,
        new Policy(
          `${name}-${deployed}-${part}`,
          { name: policyName, description: DESCRIPTIONS[part], policy, tags: tags(deployed) },
          child,
        ),
      ]),
    );
    this.arns = Object.fromEntries(
      plan.roles.map((planned) => {
        const role = this.declareRole(`${name}-${planned.deployed}-${planned.kind}`, planned, {
          tags: { ...tags(planned.deployed), job: planned.kind },
          policies,
          provider,
        });
        return [`${planned.deployed}-${planned.kind}`, role.arn];
      }),
    );
    this.registerOutputs({ arns: this.arns });
  }

  private declareRole(
    name: string,
    { name: roleName, deployed, kind, trust, attached, policy, session }: PlannedRole,
    around: {
      readonly tags: Record<string, string>;
      readonly policies: ReadonlyMap<string, Policy>;
      readonly provider: OpenIdConnectProvider | undefined;
    },
  ): Role {
    const child = { parent: this };
    const role = new Role(
      name,
      {
        name: roleName,
        assumeRolePolicy: trust,
        maxSessionDuration: session,
        description: `Workflow jobs: ${kind}, ${deployed}`,
        tags: around.tags,
      },
      around.provider === undefined ? child : pulumi.mergeOptions(child, { dependsOn: [around.provider] }),
    );
    new RolePolicy(`${name}-policy`, { name: 'job', role: role.name, policy }, child);
    for (const shared of attached) {
      const found = around.policies.get(shared);
      if (found === undefined) throw new Error(`policy ${shared} is not planned`);
      new RolePolicyAttachment(`${name}-has-${shared}`, { role: role.name, policyArn: found.arn }, child);
    }
    return role;
  }
}
