import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import pc from 'picocolors';
import { parseQuantityOption, parseWhole } from '../options.ts';
import { formatDuration } from '../../config/units.ts';
import { badInput, EXIT, type ExitCode } from '../../lib/errors.ts';
import { nearest } from '../../lib/nearest.ts';
import { SCENARIOS, findScenario, type Scenario } from '../../sandbox/scenarios/scenarios.ts';
import { askInterrupt } from '../interrupt.ts';
import type { Printer } from '../print.ts';
import { prepareDirectory } from '../session/open.ts';
import { readStackConfig } from '../session/stack-config.ts';
import { showRelease } from '../view.ts';
import { findExample, type Example } from './example.ts';
import { DEMO_BAKES } from './overlay.ts';
import { playScenario, type ScenarioEnd } from './scenario.ts';
import { summaryOf, type DemoSummary } from './summary.ts';

export interface DemoOptions {
  readonly example: string | undefined;
  readonly stack: string;
  readonly scenario: string;
  readonly rps: string;
  readonly seed: string;
  readonly bakes: string | undefined;
  readonly directory: string;
  readonly onInterrupt: string | undefined;
}

export const listScenarios = (print: Printer): ExitCode => {
  const width = Math.max(...SCENARIOS.map((s) => s.name.length));
  for (const s of SCENARIOS)
    print.result(
      'scenario',
      { ...s },
      `${pc.bold(s.name.padEnd(width))}  ${s.title}\n${' '.repeat(width)}  must end: ${s.must}`,
    );
  return EXIT.done;
};

/** Scenarios that an application has: a faulty build must be among its versions, and what goes wrong must be there. */
const scenarioOf = (name: string, stack: string, { versions, folder }: Example): Scenario => {
  const { database, gate } = readStackConfig(stack, {}, { folder }).app;
  const has = { counts: gate.mode === 'statistics', database: database !== undefined };
  const playable = SCENARIOS.filter(
    (s) =>
      (s.build === undefined || Object.hasOwn(versions.faults, s.build)) &&
      (s.needs === undefined || has[s.needs]),
  );
  const found = findScenario(name);
  if (found !== undefined && playable.includes(found)) return found;
  const names = playable.map((s) => s.name);
  const near = nearest(name, names);
  throw badInput(
    'there is no such scenario',
    [
      {
        path: '--scenario',
        reason: near === undefined ? 'unknown' : `unknown; did you mean ${near}?`,
        got: name,
        allowed: names.join(', '),
      },
    ],
    'npm run demo -- --list',
  );
};

const bakesOf = (text: string | undefined): readonly string[] => {
  if (text === undefined) return DEMO_BAKES;
  const bakes = text.split(',').map((b) => b.trim());
  for (const bake of bakes) parseQuantityOption('--bakes', bake, 'duration');
  return bakes;
};

/** The bakes of the stack's own file, in words. */
const planned = ({ folder }: Example): readonly string[] =>
  readStackConfig('production', {}, { folder }).app.stages.map((s) => formatDuration(s.bake));

/** The stack is machines reached over SSH, and one update deploys: those have stories of their own. */
const isOneUpdateOnHosts = (stack: string, { folder }: Example): boolean => {
  if (!existsSync(join(folder, `Pulumi.${stack}.yaml`))) return false;
  const { target, rollout } = readStackConfig(stack, {}, { folder }).app;
  return target.kind === 'hosts' && rollout === 'direct';
};

/** Plays a scenario for a person. Exit 0 when it ended as it should, whatever that was. */
export const runDemo = async (
  options: DemoOptions,
  print: Printer,
  signal: AbortSignal,
): Promise<ExitCode> => {
  const example = await findExample(options.example);
  if (isOneUpdateOnHosts(options.stack, example)) {
    const directory = prepareDirectory(options.directory);
    if (options.scenario === 'two-slots') {
      const { runTwoSlotsDemo } = await import('./hosts-two-slots.ts');
      const rate = parseWhole('--rps', options.rps, 1, 3000);
      return runTwoSlotsDemo({ example, directory, rate }, print);
    }
    const { runHostsDemo } = await import('./hosts.ts');
    return runHostsDemo({ example, scenario: options.scenario, directory }, print, signal);
  }
  const scenario = scenarioOf(options.scenario, options.stack, example);
  const bakes = bakesOf(options.bakes);
  const rate = parseWhole('--rps', options.rps, 1, 3000);
  const seed = parseWhole('--seed', options.seed, 0, 2 ** 31);
  const directory = prepareDirectory(options.directory);
  if (options.stack !== 'production') {
    const { runDirectDemo } = await import('./direct.ts');
    return runDirectDemo({ example, stack: options.stack, directory, rate, seed }, print, signal);
  }
  const say = (text: string): void => print.event('note', { text }, text);
  say(
    pc.bold(
      `Sluice demo: ${example.title} ${example.from} → ${example.to} in production, scenario ${scenario.name} (${scenario.title})`,
    ),
  );
  say(
    pc.dim(
      `Shortened for the demo: stages bake ${bakes.slice(0, planned(example).length).join(', ')} instead of ${planned(example).join(', ')}; probes and gate windows every second.`,
    ),
  );
  return playScenario(
    {
      scenario,
      example,
      stack: options.stack,
      directory,
      rate,
      seed,
      bakes,
      onNote: say,
      onView: showRelease(print),
      signal,
      onInterrupt: () => askInterrupt(options.onInterrupt, print),
    },
    async (end) => {
      print.settle();
      return tell(await summaryOf(scenario, end, directory), end, print, signal.aborted);
    },
  );
};

const WHY_LINES = 4;
/** The first lines; the whole is in the failure report. */
const shortened = (why: string): string => {
  const lines = why.split('\n');
  return lines.length <= WHY_LINES ? why : [...lines.slice(0, WHY_LINES), '  …'].join('\n');
};

const headOf = ({ asItShould }: DemoSummary, interrupted: boolean): string => {
  if (asItShould) return pc.green('✓ ended as it should');
  return interrupted ? pc.yellow('interrupted') : pc.red('✗ did NOT end as it should');
};

const tell = (summary: DemoSummary, end: ScenarioEnd, print: Printer, interrupted: boolean): ExitCode => {
  const { traffic } = end;
  const answered = Object.entries(traffic.versions)
    .map(([version, count]) => `${count} by ${version}`)
    .join(', ');
  const here = (path: string): string => relative(process.cwd(), path) || path;
  print.result(
    'summary',
    { ...summary },
    [
      '',
      `${headOf(summary, interrupted)}: ${pc.bold(summary.status)} — ${shortened(summary.why)}`,
      `  users      ${traffic.answered} requests answered (${answered}), ${traffic.failed} failed, p95 ${(traffic.p95 ?? 0).toFixed(0)} ms`,
      `  live       ${summary.live.map((l) => `${l.service} ${l.shares}`).join(' · ')}`,
      ...summary.notes.map((n) => `  ${n}`),
      `  record     ${here(summary.record)}`,
      ...summary.documents.map((d) => `  read       ${here(d)}`),
      `  logs       ${here(summary.logs)}/`,
      `  took       ${(end.tookMs / 1000).toFixed(1)} s`,
    ].join('\n'),
  );
  if (summary.asItShould) return EXIT.done;
  // A person who ends the scenario early gets what a release would end with.
  return interrupted ? end.outcome.exit : EXIT.bug;
};
