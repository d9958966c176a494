import { expression, type Job, type Workflow } from '../model.ts';
import type { WorkflowSettings } from '../settings.ts';
import { checkout, install, SLUICE } from '../steps.ts';

const READS = { contents: { access: 'read', why: 'check out' } } as const;

const job = (name: string, minutes: number, ...scripts: readonly (readonly [string, string])[]): Job => ({
  name,
  'timeout-minutes': minutes,
  permissions: READS,
  steps: [checkout(), ...install, ...scripts.map(([step, run]) => ({ name: step, run }))],
});

/** Checks of this repository itself: types, lint, every test lane that has its tool, files that are rendered. */
export const ci = (settings: WorkflowSettings): Workflow => ({
  file: 'ci.yml',
  name: 'CI',
  about: ['Checks of this repository: what a merge needs.'],
  on: { push: { branches: [settings.github.repository.defaultBranch] }, pull_request: {} },
  concurrency: { group: `ci-${expression('github.ref')}`, 'cancel-in-progress': true },
  jobs: {
    'lint-and-type-check': job(
      'lint-and-type-check',
      15,
      ['Types, lint, formatting', 'npm run check'],
      ['Workflow files', `${SLUICE} workflows check`],
    ),
    test: job('test', 30, ['Tests', 'npm test']),
    'security-scan': job(
      'security-scan',
      10,
      ['Secret scan', 'npm run secrets'],
      ['Dependency audit', 'npm audit --audit-level=high'],
    ),
  },
});
