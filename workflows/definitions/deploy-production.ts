import { expression, type Input, type Triggers, type Workflow } from '../model.ts';
import { releaseJobs } from '../release-jobs.ts';
import { targetOf, type WorkflowSettings } from '../settings.ts';
import { checkJobs } from './checks.ts';

const triggersOf = ({ github }: WorkflowSettings): Triggers => {
  const { tags, dispatch, promote } = github.triggers.production;
  const inputs: Record<string, Input> = {
    ...(dispatch
      ? {
          version: {
            description: 'Version to release, e.g. v1.2.3; empty: the tag that this is started from',
            type: 'string' as const,
          },
        }
      : {}),
    ...(promote
      ? {
          promote: {
            description: 'Deployment of staging whose very images are released',
            type: 'string' as const,
          },
        }
      : {}),
    reason: { description: 'Why, for the record', type: 'string', default: 'release' },
    ticket: { description: 'Change or ticket, for the record', type: 'string' },
    risk: {
      description: 'For the record',
      type: 'choice',
      options: ['low', 'medium', 'high'],
      default: 'low',
    },
  };
  return {
    ...(tags.length === 0 ? {} : { push: { tags } }),
    ...(dispatch || promote ? { workflow_dispatch: { inputs } } : {}),
  };
};

/** What is written down beside the version: input, environment variable and option have the same name. */
const ABOUT = ['REASON', 'TICKET', 'RISK'] as const;

/** Production: by tag, or by hand with a version or a deployment of staging. Undefined where neither is wanted. */
export const deployProduction = (settings: WorkflowSettings): Workflow | undefined => {
  const target = targetOf(settings, 'production');
  const { promote, dispatch } = settings.github.triggers.production;
  // Without a dispatch there are no inputs to speak of.
  const byHand = dispatch || promote;
  const on = triggersOf(settings);
  if (Object.keys(on).length === 0) return undefined;
  const checks = checkJobs(target.app.checks);
  return {
    file: 'deploy-production.yml',
    name: 'Deploy production',
    runName: `Production: ${expression([...(dispatch ? ['inputs.version'] : []), ...(promote ? ['inputs.promote'] : []), 'github.ref_name'].join(' || '))}`,
    about: [
      'Releases a version into production: checks, backup, migration, then share by share under the gate.',
      'Every job is one phase of `sluice deploy --stack production`, which does the same on a laptop.',
    ],
    on,
    // A waiting release is queued, never dropped, and never cuts off the one before it.
    concurrency: { group: 'deploy-production', queue: 'max', 'cancel-in-progress': false },
    jobs: {
      ...checks,
      ...releaseJobs({
        target,
        prefix: '',
        after: Object.keys(checks),
        asked: {
          words: [
            '${VERSION:+"--version=$VERSION"}',
            ...(promote ? ['${PROMOTE:+"--promote=$PROMOTE"}'] : []),
            ...(byHand ? ABOUT.map((name) => `\${${name}:+"--${name.toLowerCase()}=$${name}"}`) : []),
          ],
          env: {
            VERSION: expression(
              `${dispatch ? 'inputs.version || ' : ''}(github.ref_type == 'tag' && github.ref_name) || ''`,
            ),
            ...(promote ? { PROMOTE: expression('inputs.promote') } : {}),
            ...(byHand
              ? Object.fromEntries(ABOUT.map((name) => [name, expression(`inputs.${name.toLowerCase()}`)]))
              : {}),
          },
        },
      }),
    },
  };
};
