import { getSecretVersions } from '@pulumi/aws/secretsmanager/getSecretVersions.js';
import type { SecretReference } from '../config/release.types.ts';
import { EXIT, ExpectedError, type Problem } from '../lib/errors.ts';
import { reasonOf } from './reasons.ts';

const describe = async (secretId: string): Promise<SecretReference> => {
  const { arn, versions } = await getSecretVersions({ secretId });
  const current = versions.find((v) => v.versionStages.includes('AWSCURRENT'));
  if (current === undefined) throw new Error('it has no current version');
  return { arn, version: current.versionId };
};

/**
 * The current version of each secret: references, no values. `wanted`: the name that services use → name or ARN in
 * AWS Secrets Manager. Those that are missing are named together in one refusal.
 */
export const resolveSecrets = async (
  wanted: Readonly<Record<string, string>>,
): Promise<Record<string, SecretReference>> => {
  const names = Object.keys(wanted);
  const found = await Promise.allSettled(names.map((name) => describe(wanted[name] ?? '')));
  const references: Record<string, SecretReference> = {};
  const problems: Problem[] = [];
  for (const [i, result] of found.entries()) {
    const name = names[i] ?? '';
    if (result.status === 'fulfilled') references[name] = result.value;
    else
      problems.push({
        path: `sluice:app.secrets.${name}`,
        reason: reasonOf(result.reason),
        got: wanted[name] ?? '',
      });
  }
  if (problems.length === 0) return references;
  const list = problems.map((p) => `  ${p.path} (${p.got ?? ''}): ${p.reason}`);
  throw new ExpectedError(
    ['secrets cannot be found in AWS Secrets Manager; nothing was changed', ...list].join('\n'),
    {
      exit: EXIT.refused,
      problems,
      hint: 'aws secretsmanager create-secret --name NAME --secret-string file://value.txt',
    },
  );
};

/** What a command is told: `<secret ARN>:<version id>`. */
export const secretText = (reference: SecretReference | undefined): string | undefined =>
  reference === undefined ? undefined : `${reference.arn}:${reference.version}`;
