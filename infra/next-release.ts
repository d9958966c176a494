import { repositoryOf } from '../components/images.plan.ts';
import { resolveSecrets } from '../components/secrets.ts';
import { requireReleaseSize } from '../config/release.ts';
import type { SecretReference, Slot } from '../config/release.types.ts';
import type { App } from '../config/types.ts';
import { freeze } from '../release/core/freeze.ts';
import { liveOf } from '../release/core/release.ts';
import { bringsIn, resolveRelease, type Resolution } from '../release/core/resolve.ts';
import type { OwnOutputs } from './own-outputs.ts';
import type { Settings } from './settings.ts';
import type { Target } from './targets/target.ts';

/** Secrets that some service receives: name → name or ARN in AWS Secrets Manager. */
const secretsOf = (app: App): Record<string, string> => {
  const used = new Set(Object.values(app.services).flatMap((s) => s.secrets));
  return Object.fromEntries(Object.entries(app.secrets).filter(([name]) => used.has(name)));
};

/** Digests that need not be looked up: those handed in, and those of the live slot when its version stays. */
const knownImages = (settings: Settings, version: string, live: Slot | undefined): Record<string, string> => {
  const known: Record<string, string> = {};
  // A tag that was moved since must not turn a plain update into a deployment.
  if (live?.version === version)
    for (const [name, { image }] of Object.entries(live.services))
      if (name in settings.app.services && image.startsWith(`${repositoryOf(settings.app.images, name)}@`))
        known[name] = image;
  return { ...known, ...settings.images };
};

/** What configuration asks for now, with digests and the current versions of secrets. */
const wantedNow = async (
  target: Target,
  settings: Settings,
  live: Slot | undefined,
): Promise<Slot | undefined> => {
  const { app } = settings;
  const version = settings.version ?? live?.version;
  if (version === undefined) return undefined;
  const [images, secrets] = await Promise.all([
    target.artifacts(app, version, knownImages(settings, version, live)),
    resolveSecrets(secretsOf(app)),
  ]);
  return freeze(app, { version, deployment: settings.deployment, images, secrets });
};

/**
 * The live version with today's settings, only to say in which services they differ. Images and secret
 * versions are not looked up: they do not count, and a plain update of production asks no registry.
 */
const wantedSettings = ({ app }: Settings, live: Slot | undefined): Slot | undefined => {
  if (live === undefined) return undefined;
  const references = Object.values(live.services).flatMap((s) => Object.entries(s.secrets));
  const secrets: Record<string, SecretReference> = Object.fromEntries([
    ...Object.entries(app.secrets).map(([name, secret]) => [name, { arn: secret, version: '' }] as const),
    ...references,
  ]);
  const images = Object.fromEntries(Object.keys(app.services).map((name) => [name, '']));
  return freeze(app, { version: live.version, deployment: live.deployment, images, secrets });
};

/** Decides which release this run realises. Throws `ExpectedError` where going on would move traffic by accident. */
export const nextRelease = async (
  target: Target,
  settings: Settings,
  own: OwnOutputs,
): Promise<Resolution> => {
  const { app, stack, release: configured } = settings;
  const live = own.last.kind === 'release' ? liveOf(own.last.release) : undefined;
  const alone = configured === undefined;
  const [weights, wanted] = await Promise.all([
    alone && own.last.kind === 'release' && own.routing !== undefined
      ? target.live(stack, own.routing)
      : undefined,
    !alone || own.last.kind === 'unreadable'
      ? undefined
      : bringsIn(app.rollout, own.last)
        ? wantedNow(target, settings, live)
        : wantedSettings(settings, live),
  ]);
  const resolution = resolveRelease({
    stack,
    app,
    last: own.last,
    configured,
    live: weights,
    version: settings.version,
    wanted,
    deployment: settings.deployment,
  });
  requireReleaseSize(resolution.release);
  return resolution;
};
