import type { CheckSettings } from '../../config/types.ts';
import type { Job, Step } from '../model.ts';
import { checkout, install, SLUICE } from '../steps.ts';

/** A check that runs inside the pipeline. */
interface Check {
  readonly id: string;
  readonly name: string;
  readonly run: string;
}

const SECRETS: Check = { id: 'secret-scan', name: 'Secret scan', run: 'npm run secrets' };

/**
 * What each level looks at beside the application's own commands, which the preflight runs: the quick one what is
 * known about dependencies, whether a secret lies in a file and whether configuration can be read; the enhanced one
 * also who published the dependencies, and types and rules of the code. They need no credentials, so they get none.
 */
const LEVELS: Readonly<Record<CheckSettings['level'], readonly Check[]>> = {
  quick: [
    { id: 'dependency-audit', name: 'Dependency audit', run: 'npm audit --omit=dev --audit-level=high' },
    SECRETS,
    { id: 'configuration-review', name: 'Configuration review', run: `${SLUICE} workflows check` },
  ],
  enhanced: [
    { id: 'dependency-audit', name: 'Dependency audit', run: 'npm audit --audit-level=moderate' },
    { id: 'dependency-signatures', name: 'Signatures of dependencies', run: 'npm audit signatures' },
    SECRETS,
    { id: 'configuration-review', name: 'Configuration review', run: `${SLUICE} workflows check` },
    { id: 'static-analysis', name: 'Static analysis', run: 'npm run check' },
  ],
};

/** Checks of an environment that run inside; none where they must have passed elsewhere. */
export const checksOf = (settings: CheckSettings): readonly Check[] =>
  settings.mode === 'require' ? [] : LEVELS[settings.level];

/** One job a check, side by side. Nothing here has any right but to read the code. */
export const checkJobs = (settings: CheckSettings, commit?: string): Readonly<Record<string, Job>> =>
  Object.fromEntries(
    checksOf(settings).map(({ id, name, run }): [string, Job] => [
      id,
      {
        name,
        'timeout-minutes': 20,
        permissions: { contents: { access: 'read', why: 'check out' } },
        steps: [checkout({ commit }), ...install, { name, run } satisfies Step],
      },
    ]),
  );
