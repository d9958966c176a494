import { bucketArn, type Ground } from './names.ts';
import { actions, allow, type Statement } from './statement.ts';

/** Keys of one stack's state in a bucket, as Pulumi lays them out. */
const keysOf = ({ project, github, deployed }: Ground): string[] => {
  const stack = github.stacks[deployed];
  return [
    `.pulumi/stacks/${project}/${stack}.*`,
    `.pulumi/history/${project}/${stack}/*`,
    `.pulumi/backups/${project}/${stack}/*`,
    `.pulumi/locks/organization/${project}/${stack}/*`,
  ];
};

/** The stack's own state, and no other's. `change`: updates write it and take its lock. */
export const stateStatements = (ground: Ground, use: 'look' | 'change'): Statement[] => {
  const { bucket, keyArn } = ground.github.state;
  const statements: Statement[] = [];
  if (bucket !== undefined) {
    const objects = keysOf(ground).map((keys) => bucketArn(bucket, keys));
    statements.push(
      allow('FindState', actions('s3', 'GetBucketLocation ListBucket'), [bucketArn(bucket)]),
      allow('ReadState', ['s3:GetObject'], [bucketArn(bucket, '.pulumi/meta.yaml'), ...objects]),
    );
    if (use === 'change')
      statements.push(allow('WriteState', actions('s3', 'PutObject DeleteObject'), objects));
  }
  if (keyArn !== undefined)
    statements.push(
      allow('StateKey', actions('kms', use === 'change' ? 'Decrypt Encrypt' : 'Decrypt'), [keyArn]),
    );
  return statements;
};
