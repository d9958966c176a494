import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import * as pulumi from '@pulumi/pulumi';
import { parseDigests } from '../components/images.plan.ts';
import { parseApp } from '../config/app.ts';
import { parseReleaseText } from '../config/release.ts';
import type { Release } from '../config/release.types.ts';
import type { App } from '../config/types.ts';
import { parseVersion } from '../config/version.ts';
import { badInput, messageOf } from '../lib/errors.ts';
import { DEPLOYMENT_ID, deploymentId } from '../lib/ids.ts';

/** The stack's configuration, read once: everything that people and the engine may set. */
export interface Settings {
  readonly stack: string;
  readonly region: string;
  readonly app: App;
  /** `sluice:release`: the engine's. */
  readonly release: Release | undefined;
  /** `sluice:version`, as a tag: `v1.2.3`. */
  readonly version: string | undefined;
  /** `sluice:images`: digests that were handed in. Service → `name@sha256:…`. */
  readonly images: Readonly<Record<string, string>>;
  /** `sluice:previewKey`, secret. */
  readonly previewKey: pulumi.Output<string> | undefined;
  /** Id for a deployment that this update starts itself. */
  readonly deployment: string;
}

/** JSON from configuration. Throws bad input that names `path` and does not show the text. */
export const parseJson = (text: string, path: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The text itself is not shown: it may hold what somebody took for configuration.
    throw badInput(`${path} cannot be read`, [{ path, reason: messageOf(error).replace(/".*"/s, '…') }]);
  }
};

interface HandedIn {
  readonly version: string | undefined;
  readonly images: Record<string, string>;
}

/** `sluice:images`: a map from services to images, or the path of a JSON file `{version, images}`. */
const readImages = (text: string | undefined, services: readonly string[]): HandedIn => {
  if (text === undefined) return { version: undefined, images: {} };
  const path = 'sluice:images';
  if (text.trimStart().startsWith('{'))
    return { version: undefined, images: parseDigests(parseJson(text, path), services, path) };
  let content: string;
  try {
    content = readFileSync(text, 'utf8');
  } catch (error) {
    throw badInput('the images file cannot be read', [{ path, reason: messageOf(error), got: text }]);
  }
  const file = parseJson(content, text) as { version?: unknown; images?: unknown } | null;
  const version = file?.version;
  return {
    version:
      version === undefined
        ? undefined
        : parseVersion(typeof version === 'string' ? version : JSON.stringify(version), `${text}: version`)
            .tag,
    images: parseDigests(file?.images, services, `${text}: images`),
  };
};

/** From configuration or the environment, as every AWS tool has it. */
export const readRegion = (): string => {
  const region =
    new pulumi.Config('aws').get('region') ?? process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'];
  if (region !== undefined && region !== '') return region;
  throw badInput('the region is not set', [
    { path: 'aws:region', reason: 'is missing', allowed: 'e.g. eu-central-1' },
  ]);
};

/** From the pipeline where there is one; by hand from the time and what is deployed. */
const newDeployment = (version: string | undefined, images: unknown): string => {
  const given = process.env['SLUICE_DEPLOYMENT'];
  if (given !== undefined && DEPLOYMENT_ID.test(given)) return given;
  const content = createHash('sha256')
    .update(JSON.stringify([version, images]))
    .digest('hex');
  return deploymentId(Date.now(), process.env['GITHUB_SHA'] ?? content);
};

/** Throws `ExpectedError` with every problem of the configuration. */
export const readSettings = (): Settings => {
  const stack = pulumi.getStack();
  const config = new pulumi.Config('sluice');
  const written = config.get('app');
  const app = parseApp(written === undefined ? undefined : parseJson(written, 'sluice:app'), { stack });
  const release = config.get('release');
  const images = readImages(config.get('images'), Object.keys(app.services));
  const version = config.get('version');
  const tag = version === undefined ? images.version : parseVersion(version, 'sluice:version').tag;
  return {
    stack,
    region: readRegion(),
    app,
    release: release === undefined ? undefined : parseReleaseText(release),
    version: tag,
    images: images.images,
    previewKey: config.getSecret('previewKey'),
    deployment: newDeployment(tag, images.images),
  };
};
