import { EXIT, type ExitCode } from '../../lib/errors.ts';
import { recordStore } from '../../release/adapters/records.ts';
import { auditCsv, auditEntry } from '../../release/core/records/audit.ts';
import { text, type Values } from '../command.ts';
import type { Printer } from '../print.ts';
import { withStack } from '../session/find.ts';
import { periodOf } from './metrics.ts';

/** Prints the audit of a period, oldest first: one JSON document or CSV, to standard output. */
export const exportAudit = (options: Values, print: Printer): Promise<ExitCode> =>
  withStack(options, async ({ session }) => {
    const { from, to } = periodOf(options, '365 days', session.clock.now());
    const { application, environment } = session.config.app;
    const objects = session.objects(await session.outputs());
    const records = await recordStore(objects.record, environment).all(from);
    const entries = records
      .filter((r) => Date.parse(r.finished_at) < to)
      .toReversed()
      .map(auditEntry);
    const about = {
      application,
      environment,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      entries,
    };
    const shown =
      text(options, 'format') === 'csv' ? auditCsv(entries).trimEnd() : JSON.stringify(about, null, 2);
    print.result('audit', about, shown);
    return EXIT.done;
  });
