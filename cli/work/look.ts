import pc from 'picocolors';
import { parseVersion } from '../../config/version.ts';
import { EXIT, type ExitCode } from '../../lib/errors.ts';
import { journalStore } from '../../release/adapters/journal.ts';
import { leaseStore } from '../../release/adapters/lease.ts';
import { recordStore } from '../../release/adapters/records.ts';
import { drift } from '../../release/core/engine/weights.ts';
import { time } from '../../release/core/metrics/targets.ts';
import { summaryOf } from '../../release/core/records/summary.ts';
import { liveSlot, slotNames } from '../../release/core/release.ts';
import { readLive } from '../../release/runner/effects/live.ts';
import { text, type Values } from '../command.ts';
import { parseWhole } from '../options.ts';
import { parseMoment } from '../period.ts';
import type { Printer } from '../print.ts';
import { withStack } from '../session/find.ts';
import type { Session } from '../session/open.ts';

const gather = async (session: Session) => {
  const outputs = await session.outputs();
  const { environment, rollback } = session.config.app;
  const objects = session.objects(outputs);
  const [live, open, lease, records] = await Promise.all([
    readLive(session.run(outputs, 'unnamed').ports.traffic, outputs.routing),
    journalStore(objects.lease, environment).listOpen(),
    leaseStore(objects.lease, environment, session.clock).read(),
    recordStore(objects.record, environment).summaries(),
  ]);
  const { release } = outputs;
  const last = records.find((r) => r.status === 'success');
  return {
    environment,
    url: outputs.url,
    release,
    live,
    drift: release === undefined ? [] : drift(live, release),
    open: open.map((s) => ({
      deployment: s.request.deployment,
      version: s.request.version,
      by: s.request.by,
      phase: s.phase.name,
      stage: s.phase.name === 'stage' ? s.stages[s.phase.index]?.name : undefined,
      alive: lease?.deployment === s.request.deployment && session.clock.now() < lease.expiresAt,
    })),
    deadline: last === undefined ? undefined : new Date(last.finishedAt + rollback.window).toISOString(),
  };
};

/** What is live and what is under way. Exit 5 when live weights are not the stack's. */
export const showStatus = (options: Values, print: Printer): Promise<ExitCode> =>
  withStack(options, async ({ session }) => {
    const seen = await gather(session);
    const { release } = seen;
    const live = release === undefined ? undefined : liveSlot(release);
    const lines = [
      `${pc.bold(seen.environment)}  ${seen.url}  release ${release?.serial ?? 'none'}`,
      ...(release === undefined
        ? []
        : slotNames(release).map((s) => {
            const slot = release.slots[s];
            return `  ${s.padEnd(6)} ${slot?.version ?? ''}  ${release.traffic[s]} %${s === live ? '  live' : ''}  (${slot?.deployment ?? ''})`;
          })),
      ...(release?.maintenance === undefined
        ? []
        : [
            pc.yellow(
              `  closed users see the maintenance page (by ${release.maintenance.by === 'person' ? 'hand' : 'a release'}, ${release.maintenance.deployment})   next: sluice maintenance off`,
            ),
          ]),
      ...seen.drift.map((d) => pc.red(`  live weights differ: ${d}   next: sluice reconcile`)),
      ...seen.open.map(
        (o) =>
          `  open   ${o.deployment} ${o.version} by ${o.by}: ${o.phase}${o.stage === undefined ? '' : ` ${o.stage}`}${o.alive ? '' : pc.yellow('; its runner is gone: sluice deploy --resume')}`,
      ),
      ...(seen.deadline === undefined ? [] : [`  rollback without override until ${seen.deadline}`]),
    ];
    print.result('status', seen, lines.join('\n'));
    return seen.drift.length > 0 ? EXIT.personNeeded : EXIT.done;
  });

/** Deployments that fit all filters, newest first. */
export const showHistory = (options: Values, print: Printer): Promise<ExitCode> => {
  const limit = parseWhole('--limit', text(options, 'limit') ?? '20', 1, 10_000);
  const status = text(options, 'status') ?? text(options, 'result');
  const version = text(options, 'version');
  const since = text(options, 'since');
  const tag = version === undefined ? undefined : parseVersion(version, '--version').tag;
  return withStack(options, async ({ session }) => {
    const from = since === undefined ? 0 : parseMoment('--since', since, session.clock.now());
    const objects = session.objects(await session.outputs());
    const all = await recordStore(objects.record, session.config.app.environment).all(from);
    const shown = all
      .filter((r) => (status ?? r.status) === r.status && (tag ?? r.version) === r.version)
      .slice(0, limit);
    for (const r of shown)
      print.result(
        'deployment',
        { ...summaryOf(r), by: r.triggered_by, durationMs: r.duration_ms.total },
        `${r.finished_at}  ${r.deployment_id}  ${r.version.padEnd(12)} ${r.kind.padEnd(8)} ${r.status.padEnd(11)} ${time(r.duration_ms.total).padStart(8)}  ${r.triggered_by}`,
      );
    if (shown.length === 0) print.event('note', { found: 0 }, 'no deployments');
    return EXIT.done;
  });
};
