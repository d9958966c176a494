import type { CheckSettings } from '../../config/types.ts';
import type { Job, Step } from '../model.ts';
import { checkout, install } from '../steps.ts';

/** A check that runs inside the pipeline. */
interface Check {
  readonly id: string;
  readonly name: string;
  readonly run: string;
}

/**
 * What each level looks at beside the application's own commands: the quick one what is known about dependencies and
 * whether configuration can be read; the enhanced one also who published them and whether a secret stands in a file.
 */
const LEVELS: Readonly<Record<CheckSettings['level'], readonly Check[]>> = {
  quick: [
    { id: 'dependency-audit', name: 'Dependency audit', run: 'npm audit --omit=dev --audit-level=high' },
    { id: 'configuration-review', name: 'Configuration review', run: 'npx sluice workflows check' },
  ],
  enhanced: [
    { id: 'dependency-audit', name: 'Dependency audit', run: 'npm audit --audit-level=moderate' },
    { id: 'dependency-signatures', name: 'Signatures of dependencies', run: 'npm audit signatures' },
    { id: 'configuration-review', name: 'Configuration review', run: 'npx sluice workflows check' },
    { id: 'secret-scan', name: 'Secret scan', run: 'npx sluice workflows secrets' },
    { id: 'static-analysis', name: 'Static analysis', run: 'npm run check' },
  ],
};

const slug = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');

/** Checks of an environment that run inside; none where they must have passed elsewhere. */
export const checksOf = (settings: CheckSettings): readonly Check[] => {
  if (settings.mode === 'require') return [];
  const own = Object.entries(settings.commands).map(([name, run]) => ({
    id: `check-${slug(name)}`,
    name,
    run,
  }));
  return [...own, ...LEVELS[settings.level].filter((l) => !own.some((o) => o.id === `check-${l.id}`))];
};

/** One job a check, side by side. Nothing here has any right but to read the code. */
export const checkJobs = (settings: CheckSettings): Readonly<Record<string, Job>> =>
  Object.fromEntries(
    checksOf(settings).map(({ id, name, run }): [string, Job] => [
      id,
      {
        name,
        'timeout-minutes': 20,
        permissions: { contents: { access: 'read', why: 'check out' } },
        steps: [checkout(), ...install, { name, run } satisfies Step],
      },
    ]),
  );
