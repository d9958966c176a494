import { DEPLOYMENT_ID } from '../../lib/ids.ts';
import { badInput, refused } from '../../lib/errors.ts';
import { recordStore } from '../../release/adapters/records.ts';
import type { DeploymentRecord } from '../../release/core/records/schema.ts';
import { text, type Values } from '../command.ts';
import { withStack } from '../session/find.ts';
import { readStackConfig } from '../session/stack-config.ts';

/** What is asked for: a deployment of another stack, and the version it should be of, where one was named. */
interface Wanted {
  readonly deployment: string;
  /** Stack that ran it. */
  readonly stack: string;
  readonly version?: string | undefined;
}

/**
 * The version that a deployment's record lets another environment have. Throws (exit 3) when there is no such record,
 * when it did not end well, and when it is of another version than the one named.
 */
export const versionToPromote = (
  record: Pick<DeploymentRecord, 'status' | 'version'> | undefined,
  { deployment, stack, version }: Wanted,
): string => {
  const hint = `sluice history --stack ${stack}`;
  if (record === undefined) throw refused(`${stack} has no deployment ${deployment}`, hint);
  if (record.status !== 'success')
    throw refused(`deployment ${deployment} of ${record.version} ended ${record.status} in ${stack}`, hint);
  if (version !== undefined && version !== record.version)
    throw refused(
      `deployment ${deployment} is of ${record.version}, not of ${version}`,
      'leave --version out',
    );
  return record.version;
};

/** Version of a deployment that another environment ran well: what is promoted. Throws where it may not be. */
export const promotedVersion = async (deployment: string, options: Values): Promise<string> => {
  if (!DEPLOYMENT_ID.test(deployment))
    throw badInput('this is no deployment', [
      {
        path: '--promote',
        reason: 'is no deployment id',
        got: JSON.stringify(deployment.slice(0, 60)),
        allowed: '<unix seconds>-<12 hex digits of the commit>',
      },
    ]);
  const stack = readStackConfig(text(options, 'stack') ?? 'production').app.checks.after ?? 'staging';
  const record = await withStack({ ...options, stack }, async ({ session }) => {
    const { record: objects } = session.objects(await session.outputs());
    return recordStore(objects, session.config.app.environment).read(deployment);
  });
  return versionToPromote(record, { deployment, stack, version: text(options, 'version') });
};
