import { DEPLOYED } from '../../config/github.types.ts';
import { expression, type Job, type Step, type Workflow } from '../model.ts';
import { CREDENTIAL_RIGHTS } from '../rights.ts';
import { targetOf, type WorkflowSettings } from '../settings.ts';
import { checkout, credentials, environmentValues, install, sluice, SLUICE } from '../steps.ts';

/** File that the page is put together in; every step appends to it. */
const PAGE = '"$RUNNER_TEMP/preview.md"';

const SAME_REPOSITORY = 'github.event.pull_request.head.repo.full_name == github.repository';

/** A preview of each stack: what a plain update and the next release would change. */
const previewSteps = (settings: WorkflowSettings): readonly Step[] =>
  DEPLOYED.flatMap((deployed): Step[] => {
    const target = targetOf(settings, deployed);
    return [
      credentials(target, 'preview'),
      {
        name: `Preview ${target.app.environment}`,
        env: environmentValues(target, 'preview'),
        id: deployed,
        // A refusal (exit 3) is something to show on the page, and fails the job when the page has been shown.
        run: `${SLUICE} preview --stack=${target.stack} --markdown >> ${PAGE} || echo "refused=$?" >> "$GITHUB_OUTPUT"`,
      },
    ];
  });

const withCredentials = (settings: WorkflowSettings): Job => ({
  name: 'Preview',
  if: SAME_REPOSITORY,
  'timeout-minutes': 30,
  permissions: {
    ...CREDENTIAL_RIGHTS,
    'pull-requests': { access: 'write', why: 'the comment with the preview' },
  },
  environment: { name: 'preview' },
  steps: [
    checkout(),
    ...install,
    ...previewSteps(settings),
    {
      name: 'Show it in the summary of this job',
      if: 'always()',
      run: `if [ -f ${PAGE} ]; then cat ${PAGE} >> "$GITHUB_STEP_SUMMARY"; fi`,
    },
    sluice(
      {
        name: 'Comment on the pull request',
        env: {
          GITHUB_TOKEN: expression('github.token'),
          PULL: expression('github.event.pull_request.number'),
          ...environmentValues(targetOf(settings, 'staging'), 'preview'),
        },
      },
      'github comment',
      `--stack=${settings.github.stacks.staging}`,
      '--pull="$PULL"',
      '--key=preview',
      `--file=${PAGE}`,
    ),
    {
      name: 'Fail where an update would be refused',
      if: DEPLOYED.map((d) => `steps.${d}.outputs.refused != ''`).join(' || '),
      run: 'echo "an update of this would be refused: see the comment, and the steps above"; exit 3',
    },
  ],
});

const withoutCredentials: Job = {
  name: 'Check without credentials',
  // Code of a fork is read and never meets a secret: no environment, no identity, no right to write.
  if: `github.event.pull_request.head.repo.full_name != github.repository`,
  'timeout-minutes': 15,
  permissions: { contents: { access: 'read', why: 'check out' } },
  steps: [
    checkout(),
    install[0] as Step,
    { name: 'Install, without scripts of packages', run: 'npm ci --no-audit --no-fund --ignore-scripts' },
    {
      name: 'Read the configuration',
      run: `${SLUICE} workflows check | tee -a "$GITHUB_STEP_SUMMARY"`,
    },
    {
      name: 'Say what is missing',
      run: `echo 'A pull request from a fork gets no credentials: a preview of the stacks is made when somebody with the right to push brings its branch into this repository.' | tee -a "$GITHUB_STEP_SUMMARY"`,
    },
  ],
};

/** What a pull request would change in both environments, as one comment that is kept up to date. */
export const preview = (settings: WorkflowSettings): Workflow => ({
  file: 'preview.yml',
  name: 'Preview',
  about: [
    'Shows on a pull request what it would change: a plain update of both stacks, and the next release.',
    'Pull requests from forks are checked without credentials.',
  ],
  on: { pull_request: { branches: [settings.github.repository.defaultBranch] } },
  // Only the newest commit of a pull request is worth a preview; nothing is changed by one that is cut off.
  concurrency: {
    group: `preview-${expression('github.event.pull_request.number')}`,
    'cancel-in-progress': true,
  },
  jobs: { preview: withCredentials(settings), 'without-credentials': withoutCredentials },
});
