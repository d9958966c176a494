import { createHmac, randomBytes } from 'node:crypto';
import * as pulumi from '@pulumi/pulumi';
import type { Release } from '../config/release.types.ts';
import type { App, SlotName } from '../config/types.ts';
import { slotNames } from '../release/core/release.ts';

/**
 * Key of the preview tokens: configured, or made by the first update and carried on as a secret output. See
 * docs/adr/0004-preview-token.md.
 */
export const previewKey = (
  configured: pulumi.Output<string> | undefined,
  carried: string | undefined,
): pulumi.Output<string> => pulumi.secret(configured ?? carried ?? randomBytes(32).toString('base64url'));

/** Hex, so that it holds no wildcard of a listener rule. */
const token = (key: string, app: App, slot: SlotName, deployment: string): string =>
  createHmac('sha256', key)
    .update([app.application, app.environment, slot, deployment].join('\n'))
    .digest('hex');

/** A token per slot: another one for each deployment, so that an old one opens nothing. */
export const previewTokens = (
  key: pulumi.Output<string>,
  app: App,
  release: Release,
): Partial<Record<SlotName, pulumi.Output<string>>> =>
  Object.fromEntries(
    slotNames(release).map((slot) => {
      const deployment = release.slots[slot]?.deployment ?? '';
      return [slot, key.apply((k) => token(k, app, slot, deployment))];
    }),
  );
