import { messageOf } from '../../../lib/errors.ts';
import type { Finding } from '../../core/engine/types.ts';
import type { Context } from '../context.ts';

const SHOWN = 5;

/**
 * `checks.mode: run`: lint, tests, scans run here, one after the other, before anything changes (B2, B3). Which ones
 * belong to the level was decided when the configuration was read; commands see it as `SLUICE_CHECK_LEVEL`.
 */
export const commandFindings = async (c: Context): Promise<Finding[]> => {
  const { checks } = c.app;
  if (checks.mode !== 'run') return [];
  const findings: Finding[] = [];
  for (const [name, command] of Object.entries(checks.commands)) {
    const finding = await runOne(name, command, c);
    if (finding !== undefined) findings.push(finding);
  }
  return findings;
};

const runOne = async (name: string, command: string, c: Context): Promise<Finding | undefined> => {
  const { version, deployment, commit } = c.state.request;
  const last: string[] = [];
  const failed = (why: string): Finding => ({
    check: 'checks',
    level: 'refuse',
    message: [`check ${name} ${why}`, ...last.map((l) => `  ${l}`)].join('\n'),
    hint: command,
  });
  const environment = {
    VERSION: version,
    SLUICE_DEPLOYMENT: deployment,
    SLUICE_COMMIT: commit,
    SLUICE_CHECK_LEVEL: c.app.checks.level,
  };
  try {
    const { exitCode } = await c.ports.tasks.run(
      command,
      environment,
      (line) => {
        c.ports.logs.append('build', `check ${name}: ${line}`);
        last.push(line);
        if (last.length > SHOWN) last.shift();
      },
      c.signal,
    );
    return exitCode === 0 ? undefined : failed(`ended with ${exitCode}`);
  } catch (error) {
    if (c.signal.aborted) throw error;
    return failed(`could not be run: ${messageOf(error)}`);
  }
};
