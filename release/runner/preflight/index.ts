import type { EffectOf, EffectResults } from '../../core/engine/effects.ts';
import type { Finding } from '../../core/engine/types.ts';
import { readFacts } from '../effects/facts.ts';
import type { Context } from '../context.ts';
import { freezeFindings } from './freeze.ts';
import { migrationsOf } from './migrations.ts';
import { openFindings } from './open.ts';
import { previousOf } from './previous.ts';
import { imageFindings, secretFindings, tagOf } from './supplies.ts';
import { folderFindings } from './folder.ts';
import { sizeFindings } from './size.ts';

/** Everything that must be true before anything changes, asked side by side, so that all refusals come at once. */
export const preflight = async (
  _effect: EffectOf<'preflight'>,
  c: Context,
): Promise<EffectResults['preflight']> => {
  const [facts, tag, migrations, previous, ...findings] = await Promise.all([
    readFacts(c),
    tagOf(c),
    migrationsOf(c),
    previousOf(c),
    imageFindings(c),
    secretFindings(c),
    openFindings(c),
    freezeFindings(c),
    folderFindings(c),
  ]);
  return {
    ...facts,
    findings: [
      ...stackFindings(facts.release === undefined),
      ...sizeFindings(c, facts.release),
      ...tag.findings,
      ...migrations.findings,
      ...previous.findings,
      ...findings.flat(),
    ],
    pendingMigrations: migrations.pending,
    destructive: migrations.destructive,
    ...(tag.commit === undefined ? {} : { commit: tag.commit }),
    ...(previous.previous === undefined ? {} : { previous: previous.previous }),
  };
};

const stackFindings = (missing: boolean): Finding[] =>
  missing
    ? [
        {
          check: 'stack',
          level: 'refuse',
          message: 'the stack was never updated: it has no buckets, no load balancer and no release',
          hint: 'pulumi up (once), then deploy again',
        },
      ]
    : [];
