import * as pulumi from '@pulumi/pulumi';
import { LifecyclePolicy } from '@pulumi/aws/ecr/lifecyclePolicy.js';
import { Repository } from '@pulumi/aws/ecr/repository.js';

export interface RegistriesArgs {
  readonly application: string;
  /** Names of the repositories; see `planRegistries`. */
  readonly names: readonly string[];
}

/** Days until an image that lost its tag, or never had one, is thrown away. */
const UNTAGGED_DAYS = 14;

const lifecycle = JSON.stringify({
  rules: [
    {
      rulePriority: 1,
      description: 'Left over from builds that were not finished',
      selection: {
        tagStatus: 'untagged',
        countType: 'sinceImagePushed',
        countUnit: 'days',
        countNumber: UNTAGGED_DAYS,
      },
      action: { type: 'expire' },
    },
  ],
});

/** Repositories of the application's images: a tag once pushed means the same image for good. Kept when the stack goes. */
export class Registries extends pulumi.ComponentResource {
  /** Name → address for `docker push`. */
  readonly urls: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(name: string, args: RegistriesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('sluice:components:Registries', name, {}, opts);
    const { application, names } = args;
    this.urls = Object.fromEntries(
      names.map((repository) => {
        const made = new Repository(
          `${name}-${repository}`,
          {
            name: repository,
            imageTagMutability: 'IMMUTABLE',
            imageScanningConfiguration: { scanOnPush: true },
            encryptionConfigurations: [{ encryptionType: 'AES256' }],
            tags: { application, environment: 'foundation', 'managed-by': 'sluice' },
          },
          { parent: this, protect: true, retainOnDelete: true },
        );
        new LifecyclePolicy(
          `${name}-${repository}-lifecycle`,
          { repository: made.name, policy: lifecycle },
          { parent: this },
        );
        return [repository, made.repositoryUrl];
      }),
    );
    this.registerOutputs({});
  }
}
