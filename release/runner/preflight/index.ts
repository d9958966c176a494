import type { EffectOf, EffectResults } from '../../core/engine/effects.ts';
import type { Finding } from '../../core/engine/types.ts';
import { readFacts } from '../effects/facts.ts';
import type { Context } from '../context.ts';
import { freezeFindings } from './freeze.ts';
import { migrationsOf } from './migrations.ts';
import { openFindings } from './open.ts';
import { previousOf } from './previous.ts';
import { afterFindings } from './artifacts.ts';
import { commandFindings } from './commands.ts';
import { githubFindings } from './required.ts';
import { addressFindings, imageFindings, secretFindings, tagOf } from './supplies.ts';
import { folderFindings } from './folder.ts';
import { riskFindings } from './risk.ts';
import { sizeFindings } from './size.ts';

/** Everything that must be true before anything changes, asked side by side, so that all refusals come at once. */
export const preflight = async (
  _effect: EffectOf<'preflight'>,
  c: Context,
): Promise<EffectResults['preflight']> => {
  const tag = await tagOf(c);
  const [facts, migrations, previous, ...findings] = await Promise.all([
    readFacts(c),
    migrationsOf(c),
    previousOf(c),
    githubFindings(c, tag.commit),
    afterFindings(c),
    imageFindings(c),
    secretFindings(c),
    openFindings(c),
    freezeFindings(c),
    folderFindings(c),
  ]);
  const first = [...findings.flat(), ...tag.findings].filter((f) => f.level === 'refuse');
  // What takes minutes is not begun for a release that is refused already.
  const commands = first.length > 0 || facts.release === undefined ? [] : await commandFindings(c);
  return {
    ...facts,
    findings: [
      ...stackFindings(facts.release === undefined),
      ...sizeFindings(c, facts.release),
      ...tag.findings,
      ...migrations.findings,
      ...previous.findings,
      ...findings.flat(),
      ...addressFindings(c),
      ...(await riskFindings(c, facts.release, migrations)),
      ...commands,
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
