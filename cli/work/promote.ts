import { DEPLOYMENT_ID } from '../../lib/ids.ts';
import { badInput, refused } from '../../lib/errors.ts';
import { recordStore } from '../../release/adapters/records.ts';
import { text, type Values } from '../command.ts';
import { withStack } from '../session/find.ts';
import { readStackConfig } from '../session/stack-config.ts';

/**
 * Version of a deployment that another environment ran well: what is promoted. Throws when there is no such
 * deployment, when it did not end well, and when a version was given that is another one.
 */
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
  const hint = `sluice history --stack ${stack}`;
  if (record === undefined) throw refused(`${stack} has no deployment ${deployment}`, hint);
  if (record.status !== 'success')
    throw refused(`deployment ${deployment} of ${record.version} ended ${record.status} in ${stack}`, hint);
  const given = text(options, 'version');
  if (given !== undefined && given !== record.version)
    throw refused(`deployment ${deployment} is of ${record.version}, not of ${given}`, 'leave --version out');
  return record.version;
};
