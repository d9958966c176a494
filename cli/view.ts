import pc from 'picocolors';
import { formatDuration } from '../config/units.ts';
import type { View } from '../release/core/engine/view.ts';
import type { Totals } from '../release/core/engine/types.ts';
import type { Printer } from './print.ts';

const BAR = 24;
/** Without a terminal: how often a verdict that stays the same is repeated, ms. */
const SIGN_OF_LIFE = 5_000;

const seconds = (ms: number): string => `${Math.max(0, Math.ceil(ms / 1000))} s`;
const percent = (part: number, whole: number): string =>
  whole === 0 ? '-' : `${((100 * part) / whole).toFixed(part === 0 ? 0 : 2)} %`;
const ms = (value: number | undefined): string => (value === undefined ? '-' : `${value.toFixed(0)} ms`);

const bar = (share: number): string => {
  const fresh = Math.round((BAR * share) / 100);
  return pc.green('█'.repeat(fresh)) + pc.blue('█'.repeat(BAR - fresh));
};

const MARK: Record<View['stages'][number]['status'], string> = {
  waiting: pc.dim('·'),
  running: pc.yellow('▶'),
  healthy: pc.green('✓'),
  failed: pc.red('✗'),
  aborted: pc.red('✗'),
};

const VERDICT: Record<string, (text: string) => string> = { pass: pc.green, hold: pc.yellow, fail: pc.red };

const column = (text: string, width: number): string => text.padStart(width);

const row = (label: string, side: Totals['fresh'] | undefined): string =>
  `  ${label.padEnd(10)} ${column(String(side?.requests ?? 0), 9)} ${column(String(side?.errors ?? 0), 8)} ` +
  `${column(side === undefined ? '-' : percent(side.errors, side.requests), 9)} ${column(ms(side?.p50), 8)} ${column(ms(side?.p95), 8)}`;

/** Sums over services; quantiles are those of the slowest service. */
const sumOf = (view: View, side: 'fresh' | 'stable'): Totals['fresh'] | undefined => {
  const all = Object.values(view.counts).map((t) => t[side]);
  if (all.length === 0) return undefined;
  const slowest = (key: 'p50' | 'p95'): number | undefined => {
    const known = all.flatMap((s) => s[key] ?? []);
    return known.length === 0 ? undefined : Math.max(...known);
  };
  const p50 = slowest('p50');
  const p95 = slowest('p95');
  return {
    requests: all.reduce((n, s) => n + s.requests, 0),
    errors: all.reduce((n, s) => n + s.errors, 0),
    slow: all.reduce((n, s) => n + s.slow, 0),
    ...(p50 === undefined ? {} : { p50 }),
    ...(p95 === undefined ? {} : { p95 }),
  };
};

const probesLine = (view: View): string[] => {
  if (view.probes.length === 0) return [];
  const sick = view.probes.filter((p) => !p.healthy);
  if (sick.length === 0)
    return [`  probes     ${pc.green(`${view.probes.length} of ${view.probes.length} healthy`)}`];
  return [`  probes     ${pc.red(sick.map((p) => `${p.service}: ${p.reason ?? 'unhealthy'}`).join('; '))}`];
};

/** Share of the slot that this deployment brings: as its stage wants it, or as the last one that ended well has left it. */
const shareOf = (view: View): number => {
  if (view.stage !== undefined) return view.stage.traffic;
  if (view.result?.status === 'success') return 100;
  const ended = view.failure === undefined ? view.stages.findLast((s) => s.status === 'healthy') : undefined;
  return ended?.traffic ?? 0;
};

/** Both versions side by side, from the first request on; where nobody counts them there is no table. */
const countsOf = (view: View): string[] => {
  const [stable, fresh] = [sumOf(view, 'stable'), sumOf(view, 'fresh')];
  if ((stable?.requests ?? 0) + (fresh?.requests ?? 0) === 0) return [];
  return [
    `  ${''.padEnd(10)} ${column('requests', 9)} ${column('errors', 8)} ${column('rate', 9)} ${column('p50', 8)} ${column('p95', 8)}`,
    row(view.from ?? 'stable', stable),
    row(view.to, fresh),
  ];
};

/** What stands still on the screen while a release runs; nothing before its stages are known. */
export const viewLines = (view: View): string[] => {
  if (view.stages.length === 0) return [];
  const share = shareOf(view);
  const left =
    view.bakeLeft === undefined
      ? ''
      : `, ${seconds(view.bakeLeft)} of ${formatDuration(view.stage?.bake ?? 0)} left`;
  const head = `${pc.bold(view.phase)}${view.stage === undefined ? '' : ` ${view.stage.name}`}${left}`;
  return [
    '',
    `  ${view.stages.map((s) => `${MARK[s.status]} ${s.name} ${s.traffic} %`).join('   ')}`,
    `  ${bar(share)}  ${view.from ?? 'nothing'} ${100 - share} % / ${view.to} ${share} %   ${head}`,
    ...countsOf(view),
    ...probesLine(view),
    ...(view.paused === undefined
      ? []
      : [`  ${pc.yellow(`paused by ${view.paused.by}: ${view.paused.why}`)}`]),
    ...(view.verdict === undefined
      ? []
      : [`  verdict    ${(VERDICT[view.verdict] ?? pc.white)(view.verdict)}: ${view.why ?? ''}`]),
  ];
};

/**
 * Shows a release as it goes: a line for each thing that happened, and under a terminal the live picture below.
 * Without a terminal the verdict is a line whenever it changes.
 */
export const showRelease = (print: Printer): ((view: View) => void) => {
  // Of a release that is taken up again, only what comes from now on, and the last thing before it.
  let shown: number | undefined;
  let said: string | undefined;
  let saidAt = 0;
  return (view) => {
    const { timeline } = view;
    for (const entry of timeline.slice(shown ?? -1)) {
      const took = entry.tookMs === undefined ? '' : pc.dim(` (${(entry.tookMs / 1000).toFixed(1)} s)`);
      print.event(
        'step',
        { deployment: view.deployment, ...entry },
        `  ${pc.dim(clockTime(entry.at))} ${entry.phase.padEnd(9)} ${entry.what}${took}`,
      );
    }
    shown = timeline.length;
    const kind = view.stage === undefined ? undefined : `${view.stage.name} ${view.verdict ?? ''}`;
    const live = !print.json && process.stdout.isTTY;
    // A terminal shows every look in its picture; a log gets what changed, and a sign of life now and then.
    if (
      !live &&
      view.stage !== undefined &&
      view.verdict !== undefined &&
      (kind !== said || view.at - saidAt >= SIGN_OF_LIFE)
    ) {
      said = kind;
      saidAt = view.at;
      const { name } = view.stage;
      const data = {
        deployment: view.deployment,
        stage: name,
        verdict: view.verdict,
        why: view.why,
        counts: view.counts,
      };
      print.event('verdict', data, `           ${name}: ${view.verdict}: ${view.why ?? ''}`);
    }
    const lines = viewLines(view);
    if (view.result === undefined && lines.length > 0) print.live(lines);
  };
};

const clockTime = (at: number): string => new Date(at).toISOString().slice(11, 19);
