import { type CommandSpec, flag, text } from '../command.ts';
import { STACK_OPTIONS } from '../session/options.ts';

export const deploy: CommandSpec = {
  name: 'deploy',
  summary: 'take a version into a stack, stage by stage, watched by the gate',
  options: [
    ...STACK_OPTIONS,
    { flags: '--version <tag>', summary: 'the version, e.g. v2.0.0' },
    { flags: '--promote <deployment>', summary: 'the version and images of this deployment of staging' },
    { flags: '--reason <text>', summary: 'why, for the record', default: 'release' },
    { flags: '--ticket <id>', summary: 'change or ticket, for the record' },
    { flags: '--risk <level>', summary: 'for the record', choices: ['low', 'medium', 'high'] },
    {
      flags: '--resume [deployment]',
      summary: 'go on where a runner stopped; the open deployment by default',
    },
    { flags: '--revert', summary: 'with --resume: go back instead of on' },
    {
      flags: '--on-interrupt <what>',
      summary: 'what Ctrl-C does; asked in a terminal otherwise',
      choices: ['rollback', 'leave'],
    },
    {
      flags: '--lease <duration>',
      summary: 'how long the environment stays this runner’s when it dies; 30 seconds unless set',
    },
    { flags: '--unless-live', summary: 'nothing to do where the version is live as the stack file has it' },
    {
      flags: '--phase <name>',
      summary:
        'run up to this phase or stage: preflight, approval, backup, migrate, deploy, a stage’s name or rollout, smoke, record; failure: look after what another job left',
    },
    {
      flags: '--deployment <id>',
      summary: 'the deployment that an earlier job began; with --version it begins under this id',
    },
  ],
  examples: [
    ['sluice deploy --stack production --version v2.0.0', 'backup, migration, 5 %, 50 %, 100 %'],
    [
      'sluice deploy --stack production --version v2.0.0 --ticket OPS-7',
      'with the change’s ticket in the record',
    ],
    ['sluice deploy --stack production --resume', 'go on where a killed runner was'],
    ['sluice deploy --stack production --resume --revert', 'or take it back'],
    ['sluice deploy --version v2.0.0 --phase preflight', 'the checks alone: one job of several'],
    ['sluice deploy --version v2.0.0 --phase canary', 'the next jobs, up to the end of the canary'],
    ['sluice deploy --version v2.0.0 --phase failure', 'the job that runs when another one failed'],
  ],
  run: async ({ options, print, signal }) => {
    const { afterFailure, deployVersion, resumeDeployment } = await import('../work/deploy.ts');
    const promote = text(options, 'promote');
    const version =
      promote === undefined
        ? text(options, 'version')
        : await (await import('../work/promote.ts')).promotedVersion(promote, options);
    const around = { print, signal, onInterrupt: text(options, 'onInterrupt') };
    if (text(options, 'phase') === 'failure') return afterFailure(version, options, around);
    if (options['resume'] !== undefined)
      return resumeDeployment(options, {
        ...around,
        how: flag(options, 'revert') ? 'revert' : 'continue',
      });
    return deployVersion(version, options, around);
  },
};
