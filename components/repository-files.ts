import * as pulumi from '@pulumi/pulumi';
import { RepositoryFile } from '@pulumi/github/repositoryFile.js';

export interface RepositoryFilesArgs {
  readonly repository: pulumi.Input<string>;
  readonly branch: string;
  /** Path and text; the same bytes that `sluice workflows render` writes. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
}

/**
 * Files pushed by the stack, one commit each. One after the other: GitHub refuses writes to one branch at the same
 * time. Fails on a branch whose rules want a pull request, which is why files in the working tree are the usual way.
 */
export class RepositoryFiles extends pulumi.ComponentResource {
  constructor(name: string, args: RepositoryFilesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('sluice:components:RepositoryFiles', name, {}, opts);
    const { repository, branch, files } = args;
    let before: RepositoryFile[] = [];
    for (const { path, text } of files)
      before = [
        new RepositoryFile(
          `${name}-${path}`,
          {
            repository,
            branch,
            file: path,
            content: text,
            commitMessage: `Render ${path}`,
            overwriteOnCreate: true,
          },
          { parent: this, dependsOn: before },
        ),
      ];
    this.registerOutputs({});
  }
}
