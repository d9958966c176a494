import pc from 'picocolors';
import type { HostsApp } from '../../config/hosts/types.ts';
import { formatDuration } from '../../config/units.ts';
import { EXIT, refused, type ExitCode } from '../../lib/errors.ts';
import { text, type Values } from '../command.ts';
import { findExample } from '../demo/example.ts';
import type { Printer } from '../print.ts';
import { machinesHere } from '../session/find.ts';
import { readStackConfig } from '../session/stack-config.ts';
import { runChecks, type Finding } from './check.ts';
import { machineChecks } from './machine.ts';
import { webChecks } from './web.ts';

/** Every check of a running environment, side by side. Never throws for what it finds. */
export const validate = (app: HostsApp): Promise<readonly Finding[]> =>
  runChecks([...webChecks(app), ...machineChecks(app)], app.target.checks.timeout);

const SIGNS = { ok: pc.green('✓'), failed: pc.red('✗'), skipped: pc.dim('–') };

const shown = (f: Finding, width: number): string => {
  const head = `${SIGNS[f.status]} ${f.name.padEnd(width)}  ${f.seen}`;
  if (f.status !== 'failed') return head;
  const space = ' '.repeat(width + 4);
  return `${head}\n${space}expected: ${f.expected}\n${space}mend: ${f.mend}`;
};

/** Shows what was found; exit 0 when nothing failed, 5 otherwise. */
export const tellFindings = (
  findings: readonly Finding[],
  app: HostsApp,
  tookMs: number,
  print: Printer,
): ExitCode => {
  const width = Math.max(...findings.map((f) => f.name.length));
  for (const finding of findings) print.result('check', { ...finding }, shown(finding, width));
  const count = (status: Finding['status']): number => findings.filter((f) => f.status === status).length;
  const failed = count('failed');
  const ms = Math.round(tookMs);
  print.result(
    'validation',
    { environment: app.environment, ok: count('ok'), failed, skipped: count('skipped'), tookMs: ms },
    `\n${findings.length} checks of ${app.application} in ${app.environment} (${app.url}): ${count('ok')} ok, ${failed} failed, ${count('skipped')} skipped, in ${(ms / 1000).toFixed(1)} s (each at most ${formatDuration(app.target.checks.timeout)})`,
  );
  return failed === 0 ? EXIT.done : EXIT.personNeeded;
};

/** `sluice validate`. */
export const runValidate = async (options: Values, print: Printer): Promise<ExitCode> => {
  const stack = text(options, 'stack') ?? 'staging';
  const example = text(options, 'example');
  const { folder } = await findExample(example);
  // An example's own stack files name machines that are somewhere else.
  const machines =
    example === undefined ? await machinesHere(text(options, 'directory') ?? '.sluice', stack) : {};
  const { app } = readStackConfig(stack, machines, { folder });
  const { target } = app;
  if (target.kind !== 'hosts')
    throw refused(
      `stack ${stack} does not run on hosts: there is no machine to look at`,
      `sluice status --stack ${stack}   says what is live there; its smoke tests ask the rest`,
    );
  const startedAt = performance.now();
  const onHosts = { ...app, target };
  return tellFindings(await validate(onHosts), onHosts, performance.now() - startedAt, print);
};

/** `sluice hosts env-example` and `sluice hosts compose`: what is rendered, for people to look at. */
export const showRendered = async (
  options: Values,
  what: 'env' | 'compose',
  print: Printer,
): Promise<ExitCode> => {
  const stack = text(options, 'stack') ?? 'staging';
  const { folder } = await findExample(text(options, 'example'));
  const { app } = readStackConfig(stack, {}, { folder });
  const { target } = app;
  if (target.kind !== 'hosts')
    throw refused(`stack ${stack} does not run on hosts`, 'a section `hosts` in sluice:app makes it');
  const { composeFile, envExample } = await import('../../config/hosts/compose.ts');
  const { freeze } = await import('../../release/core/freeze.ts');
  const { repositoryOf } = await import('../../components/images.plan.ts');
  const images = Object.fromEntries(
    Object.keys(app.services).map((s) => [s, `${repositoryOf(app.images, s)}@sha256:${'0'.repeat(64)}`]),
  );
  const slot = freeze(app, { version: 'v0.0.0', deployment: '0-000000000000', images, secrets: {} });
  const onHosts = { ...app, target };
  const rendered = what === 'env' ? envExample(onHosts) : composeFile(onHosts, slot);
  print.result('file', { text: rendered }, rendered.trimEnd());
  return EXIT.done;
};
