import type { Finding } from '../../core/engine/types.ts';
import { findImages } from '../effects/supply.ts';
import type { Context } from '../context.ts';

/** The version's tag and its commit (B1). */
export const tagOf = async (c: Context): Promise<{ commit?: string; findings: readonly Finding[] }> => {
  if (!c.app.checks.tag) return { findings: [] };
  const { version } = c.state.request;
  const commit = await c.ports.source.tag(version);
  if (commit !== undefined) return { commit, findings: [] };
  return {
    findings: [
      {
        check: 'tag',
        level: 'refuse',
        message: `tag ${version} does not exist`,
        hint: `git tag ${version} && git push origin ${version}`,
      },
    ],
  };
};

const DIGEST = /^\S+@sha256:[0-9a-f]{64}$/;

/** Images by digest (B4). Those that this deployment builds cannot be there yet. */
export const imageFindings = async (c: Context): Promise<Finding[]> => {
  const findings: Finding[] = [];
  if (c.state.settings.build) return findings;
  const found = await findImages(c);
  for (const service of Object.keys(c.app.services)) {
    const image = found[service];
    if (image === undefined)
      findings.push({
        check: 'images',
        level: 'refuse',
        message: `image of ${service} ${c.state.request.version} is not in the registry`,
        hint: `sluice build --version ${c.state.request.version}`,
      });
    else if (!DIGEST.test(image))
      findings.push({
        check: 'images',
        level: 'refuse',
        message: `image of ${service} has no digest: ${image}`,
      });
  }
  return findings;
};

/** Every secret exists; none is read. */
export const secretFindings = async (c: Context): Promise<Finding[]> => {
  const all = await Promise.all(
    Object.entries(c.app.secrets).map(async ([key, name]) => ({
      key,
      name,
      there: (await c.ports.secrets.describe(name)) !== undefined,
    })),
  );
  return all
    .filter((s) => !s.there)
    .map((s) => ({
      check: 'secrets',
      level: 'refuse',
      message: `secret ${s.name} (${s.key}) does not exist`,
      hint: 'create it in AWS Secrets Manager',
    }));
};

/** Addresses of messages (B6): one that is nowhere keeps nothing from being deployed, but nobody would be told. */
export const addressFindings = (
  c: Context,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Finding[] =>
  c.app.notifications
    .filter(({ secret }) => c.app.secrets[secret] === undefined && (environment[secret] ?? '') === '')
    .map(({ to, secret }) => ({
      check: 'messages',
      level: 'warn',
      message: `nothing can be sent to ${to}: ${secret} is neither among sluice:app.secrets nor in the environment`,
    }));
