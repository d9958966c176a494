import { requireReleaseSize } from '../../../config/release.ts';
import type { Release } from '../../../config/release.types.ts';
import { ExpectedError } from '../../../lib/errors.ts';
import type { Finding } from '../../core/engine/types.ts';
import { freeze } from '../../core/freeze.ts';
import { wholeRelease } from '../../core/preview/ahead.ts';
import type { Context } from '../context.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;
/** As long as AWS makes them. */
const SECRET = { region: 'ap-southeast-1', account: '000000000000', version: '0'.repeat(36) };

/**
 * The program takes a release as configuration, and that has an end. Said here, it costs nothing; said by the
 * program, a backup was taken and a migration has run for a release that cannot be. Images and secrets are not
 * known yet: placeholders of their length stand for them.
 */
export const sizeFindings = (c: Context, current: Release | undefined): Finding[] => {
  if (c.state.kind === 'rollback') return [];
  const { app } = c;
  const { version, deployment } = c.state.request;
  const { region, account, version: of } = SECRET;
  const target = freeze(app, {
    version,
    deployment,
    images: Object.fromEntries(
      Object.keys(app.services).map((s) => [
        s,
        `${app.images.repository.replaceAll('{service}', s)}@${DIGEST}`,
      ]),
    ),
    secrets: Object.fromEntries(
      Object.entries(app.secrets).map(([key, name]) => [
        key,
        { arn: `arn:aws:secretsmanager:${region}:${account}:secret:${name}-000000`, version: of },
      ]),
    ),
  });
  try {
    requireReleaseSize(wholeRelease(current, target, app.database));
    return [];
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    const { message, hint } = error;
    return [{ check: 'size', level: 'refuse', message, ...(hint === undefined ? {} : { hint }) }];
  }
};
