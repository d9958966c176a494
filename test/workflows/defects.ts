/** One planted defect: which file, what is replaced (once, from the given text on) by what. */
export interface Defect {
  readonly what: string;
  readonly file: 'deploy-production.yml' | 'deploy-staging.yml' | 'preview.yml' | 'rollback.yml' | 'tidy.yml';
  /** The replacement happens behind this text. */
  readonly after?: string;
  readonly from: string;
  readonly to: string;
}

const production = (what: string, from: string, to: string, after?: string): Defect => ({
  what,
  file: 'deploy-production.yml',
  from,
  to,
  ...(after === undefined ? {} : { after }),
});

const CHECKOUT = 'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1';
const CANARY = '\n  canary:';
const FAILURE = '\n  failure:';

export const DEFECTS: readonly Defect[] = [
  // Actions
  production('an action by its tag', CHECKOUT, 'actions/checkout@v7'),
  production(
    'a commit of 39 digits',
    CHECKOUT,
    'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b # v7.0.1',
  ),
  production(
    'a pin without its release',
    CHECKOUT,
    'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1',
  ),
  production('a pin with another release beside it', CHECKOUT, CHECKOUT.replace('v7.0.1', 'v6.0.0')),
  production('an action of somebody else', CHECKOUT, CHECKOUT.replace('actions/', 'action/')),
  production('an input that the action does not have', 'fetch-depth: 0', 'fetch-dept: 0'),
  production('a token that stays behind', 'persist-credentials: false', 'persist-credentials: true'),
  production('a token that stays behind by default', '          persist-credentials: false\n', ''),
  production('a cache in a release', 'package-manager-cache: false', 'package-manager-cache: true'),
  // Rights
  production('all rights for everybody', 'permissions: {}', 'permissions: write-all'),
  production('rights left to the default', 'permissions: {}\n', ''),
  production(
    'a job without rights of its own',
    '    permissions:\n      contents: read # check out\n      id-token: write # the identity that AWS trusts\n',
    '',
    CANARY,
  ),
  production('a right that does not exist', 'contents: read', 'contentz: read'),
  production('a kind of right that does not exist', 'contents: read', 'contents: admin'),
  production(
    'credentials without an identity',
    '      id-token: write # the identity that AWS trusts\n',
    '',
    CANARY,
  ),
  production('a right to write without a reason', 'contents: read # check out', 'contents: write', CANARY),
  // Runners and limits
  production('a runner that changes by itself', 'ubuntu-24.04', 'ubuntu-latest'),
  production('a runner that does not exist', 'ubuntu-24.04', 'ubuntu-24.4'),
  production('no time limit', '    timeout-minutes: 10\n', ''),
  production('a time limit that is no number', 'timeout-minutes: 10', 'timeout-minutes: ten'),
  // Order
  production('a need that is not there', '- deploy\n', '- deplyo\n', CANARY),
  production('two jobs that wait for each other', '      - approval\n', '      - canary\n', '\n  backup:'),
  production('an output that no job has', 'outputs.deployment }}', 'outputs.deploymnt }}', CANARY),
  production(
    'an output of a step that is not there',
    'steps.phase.outputs.version',
    'steps.phse.outputs.version',
  ),
  production(
    'an output of a job that is not needed',
    'needs.preflight.outputs.deployment',
    'needs.backup.outputs.deployment',
    CANARY,
  ),
  production('a handler that is skipped with what failed', '(failure() || cancelled()) && ', '', FAILURE),
  production('a handler that does not watch the canary', '      - canary\n', '', FAILURE),
  production('a waiting release that is dropped', '  queue: max\n', ''),
  production('a release that the next one cuts off', 'cancel-in-progress: false', 'cancel-in-progress: true'),
  production('a queue without a name', '  group: deploy-production\n', ''),
  production('people asked twice', 'name: production\n', 'name: production-approval\n', '\n  backup:'),
  // Secrets
  production(
    'a secret in a job without environment',
    '    environment:\n      name: production\n      url: https://azora.world\n',
    '',
    CANARY,
  ),
  production('all secrets at once', 'secrets.SLACK_WEBHOOK', 'toJSON(secrets)', CANARY),
  production('a context that does not exist', 'secrets.SLACK_WEBHOOK', 'secret.SLACK_WEBHOOK', CANARY),
  // Expressions
  production(
    'a value of an input inside a script',
    '${VERSION:+"--version=$VERSION"}',
    '--version=${{ inputs.version }}',
  ),
  {
    what: 'a branch name inside a script',
    file: 'preview.yml',
    from: 'run: npm ci --no-audit',
    to: 'run: echo ${{ github.head_ref }}; npm ci --no-audit',
  },
  production('a misspelt context', 'github.ref_type', 'github.ref_tpye'),
  production('an expression that does not end', '${{ inputs.reason }}', '${{ inputs.reason'),
  production('a function that does not exist', '${{ inputs.reason }}', '${{ trim(inputs.reason) }}'),
  production('an input that is not declared', '${{ inputs.ticket }}', '${{ inputs.tickets }}'),
  // Scripts
  production(
    'a quote that does not end',
    '"$VERSION" "$DEPLOYMENT"',
    '"$VERSION" "$DEPLOYMENT',
    '\n  approval:',
  ),
  { what: 'an if that does not end', file: 'preview.yml', from: '; fi', to: '' },
  production('a shell that does not exist', 'shell: bash', 'shell: bsh'),
  // Form
  production('a key twice', '    name: Approval\n', '    name: Approval\n    name: Approval\n'),
  production('an indentation that is wrong', '    name: Approval\n', '      name: Approval\n'),
  production('a key that does not exist', '    needs:\n', '    need:\n', CANARY),
  production('a job without steps', '    steps:\n', '    stepz:\n', '\n  approval:'),
  production(
    'a step that is two things',
    '        run: npm ci',
    '        uses: docker/login-action@dbcb813823bdd20940b903addbd779551569679f # v4.6.0\n        run: npm ci',
  ),
  production('a workflow without a name', 'name: Deploy production\n', ''),
  // Events
  production('an event that does not exist', '  push:\n', '  pusj:\n'),
  { what: 'a schedule that never comes', file: 'tidy.yml', from: '11,41 * * * *', to: '71 * * * *' },
  production('an input of a type that does not exist', 'type: choice', 'type: chioce'),
  production('a default that is not among the options', 'default: low', 'default: none'),
  {
    what: 'code of forks with secrets',
    file: 'preview.yml',
    from: 'pull_request:',
    to: 'pull_request_target:',
  },
  {
    what: 'another workflow’s end, whoever began it',
    file: 'deploy-staging.yml',
    from: 'on:\n',
    to: 'on:\n  workflow_run:\n    workflows: [CI]\n    types: [completed]\n    branches: [develop]\n',
  },
];

/** Right for every checker but shellcheck. */
export const SHELL_DEFECTS: readonly Defect[] = [
  production(
    'a value that a script takes apart',
    '--deployment="$DEPLOYMENT"',
    '--deployment=$DEPLOYMENT',
    CANARY,
  ),
  production('a file name that a script takes apart', '"$GITHUB_STEP_SUMMARY"', '$GITHUB_STEP_SUMMARY'),
  {
    what: 'a test that is always true',
    file: 'preview.yml',
    from: '[ -f "$RUNNER_TEMP/preview.md" ]',
    to: '[ "-f $RUNNER_TEMP/preview.md" ]',
  },
];

/** Applies one defect; throws when the text is not there, so that no defect is planted in vain. */
export const planted = ({ after, from, to, what }: Defect, text: string): string => {
  const start = after === undefined ? 0 : text.indexOf(after);
  const at = start === -1 ? -1 : text.indexOf(from, start);
  if (at === -1) throw new Error(`"${what}" finds no place`);
  return `${text.slice(0, at)}${to}${text.slice(at + from.length)}`;
};
