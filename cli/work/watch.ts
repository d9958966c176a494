import pc from 'picocolors';
import { EXIT, refused, type ExitCode } from '../../lib/errors.ts';
import { recordStore } from '../../release/adapters/records.ts';
import { liveSlot } from '../../release/core/release.ts';
import { documentKey, watchName } from '../../release/core/records/names.ts';
import { watchDocument, watchReport } from '../../release/core/records/watch.ts';
import type { StackOutputs } from '../../release/ports/stack.ts';
import { flag, type Values } from '../command.ts';
import type { Printer } from '../print.ts';
import { withStack } from '../session/find.ts';
import type { Session } from '../session/open.ts';

const MINUTE = 60_000;

/** Health endpoints as users reach them; those that do not answer 2xx, with what they did. */
const unhealthyOf = async (session: Session, outputs: StackOutputs): Promise<string[]> => {
  const { services, health } = session.config.app;
  const { http } = session.run(outputs, 'unnamed').ports;
  const asked = Object.entries(services).filter(([, s]) => s.kind === 'web');
  const answers = await Promise.all(
    asked.map(async ([name, { health: h }]) => {
      const url = `${outputs.url}${h.publicPath}`;
      const answer = await http({
        method: 'GET',
        url,
        headers: {},
        body: undefined,
        timeoutMs: health.timeout,
      });
      if (!answer.ok) return `${name}: ${answer.reason}`;
      return answer.status < 300 ? undefined : `${name}: answered ${answer.status}`;
    }),
  );
  return answers.filter((a) => a !== undefined);
};

const nothing = (text: string, print: Printer): ExitCode => {
  print.event('note', { text }, text);
  return EXIT.done;
};

/**
 * What was seen since the live release: errors and latency by service against the objectives and the version before,
 * and health. Once the watch is over the report is kept beside the record. Exit 5 when there is something to look at.
 */
export const watchRelease = (options: Values, print: Printer): Promise<ExitCode> =>
  withStack(options, async ({ session }) => {
    const outputs = await session.outputs();
    const { app } = session.config;
    const { release } = outputs;
    const live = release === undefined ? undefined : liveSlot(release);
    const slot = live === undefined ? undefined : release?.slots[live];
    const records = recordStore(session.objects(outputs).record, app.environment);
    const record = slot === undefined ? undefined : await records.read(slot.deployment);
    const quiet = flag(options, 'byClock');
    if (live === undefined || record === undefined) {
      if (quiet) return nothing('nothing is live that a record is kept of', print);
      throw refused(
        'nothing is live that a record is kept of',
        `sluice history --stack ${session.config.stack}`,
      );
    }
    const kept = documentKey(app.environment, watchName(record.deployment_id));
    if (quiet && (await records.text(kept)) !== undefined)
      return nothing(`the watch of ${record.version} is over: ${kept}`, print);
    const now = session.clock.now();
    const since = Math.min(now - Date.parse(record.finished_at), app.watch.for);
    const groups = Object.fromEntries(
      Object.entries(outputs.routing.services).flatMap(([service, known]) => {
        const group = known.targetGroups[live];
        return group === undefined ? [] : [[service, group]];
      }),
    );
    const { metrics } = session.run(outputs, 'unnamed').ports;
    const report = watchReport({
      record,
      seen: await metrics.baseline(groups, Math.max(MINUTE, since), app.gate.window ?? MINUTE),
      unhealthy: await unhealthyOf(session, outputs),
      watchFor: app.watch.for,
      now,
    });
    const document = watchDocument(report, session.config.stack);
    if (report.over) await records.keep(kept, document);
    print.result('watch', { ...report }, report.calm ? document : pc.yellow(document));
    return report.calm ? EXIT.done : EXIT.personNeeded;
  });
