import pc from 'picocolors';
import { EXIT, badInput, type ExitCode } from '../../lib/errors.ts';
import { recordStore } from '../../release/adapters/records.ts';
import { factsOf, isDrill } from '../../release/core/metrics/facts.ts';
import { figuresOf, type Figures } from '../../release/core/metrics/figures.ts';
import { judge, time, type Judged } from '../../release/core/metrics/targets.ts';
import { text, type Values } from '../command.ts';
import { parseMoment } from '../period.ts';
import type { Printer } from '../print.ts';
import { withStack } from '../session/find.ts';

export interface Period {
  readonly from: number;
  readonly to: number;
}

/** Reads `--since` and `--until`; bad input when they are no moments, or the wrong way round. */
export const periodOf = (options: Values, since: string, now: number): Period => {
  const from = parseMoment('--since', text(options, 'since') ?? since, now);
  const until = text(options, 'until');
  const to = until === undefined ? now : parseMoment('--until', until, now);
  if (from < to) return { from, to };
  throw badInput('the period is empty', [
    { path: '--until', reason: 'is not after --since', got: new Date(to).toISOString() },
  ]);
};

const MARK = (met: boolean | null): string =>
  met === null ? pc.dim('–') : met ? pc.green('✓') : pc.red('✗');

const lines = (judged: readonly Judged[], figures: Figures): string[] => {
  const width = Math.max(...judged.map((j) => j.name.length));
  const target = Math.max(...judged.map((j) => j.target.length));
  const phases = Object.entries(figures.phases);
  const longest = Math.max(0, ...phases.map(([name]) => name.length));
  return [
    ...judged.map(
      (j) => `  ${MARK(j.met)} ${j.name.padEnd(width)}  ${pc.dim(j.target.padEnd(target))}  ${j.seen}`,
    ),
    ...(phases.length === 0 ? [] : ['  by phase and stage:']),
    ...phases.map(
      ([name, s]) => `    ${name.padEnd(longest)}  median ${time(s.median)}, longest ${time(s.longest)}`,
    ),
  ];
};

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Figures of an environment from its records, against the targets. Exit 0 whatever they are. */
export const showMetrics = (options: Values, print: Printer): Promise<ExitCode> =>
  withStack(options, async ({ session }) => {
    const period = periodOf(options, '90 days', session.clock.now());
    const { environment } = session.config.app;
    const objects = session.objects(await session.outputs());
    // A rollback inside the period may blame a release before it: everything before `to` is read.
    const records = await recordStore(objects.record, environment).all();
    const startedAt = performance.now();
    const figures = figuresOf(records.filter((r) => !isDrill(r)).map(factsOf), period.from, period.to);
    const judged = judge(figures, environment);
    const tookMs = Math.round(performance.now() - startedAt);
    print.result(
      'metrics',
      { environment, records: records.length, tookMs, figures, judged },
      [
        `${pc.bold(environment)}  ${day(period.from)} to ${day(period.to)}, ${records.length} records`,
        ...lines(judged, figures),
      ].join('\n'),
    );
    return EXIT.done;
  });
