import { EXIT, refused, type ExitCode } from '../../lib/errors.ts';
import { recordStore } from '../../release/adapters/records.ts';
import type { Release } from '../../config/release.types.ts';
import { liveSlot } from '../../release/core/release.ts';
import type { Values } from '../command.ts';
import type { Printer } from '../print.ts';
import { withStack } from '../session/find.ts';
import type { Session } from '../session/open.ts';

const serialOf = async (
  which: string,
  session: Session,
  current: Release | undefined,
): Promise<number | undefined> => {
  if (/^\d{1,9}$/.test(which)) return Number(which);
  const outputs = await session.outputs();
  const records = await recordStore(
    session.objects(outputs).record,
    session.config.app.environment,
  ).summaries();
  if (which !== 'previous') return records.find((r) => r.deployment === which)?.serial;
  const live = current === undefined ? undefined : liveSlot(current);
  const now = live === undefined ? undefined : current?.slots[live]?.deployment;
  return records.find((r) => r.status === 'success' && r.live?.deployment !== now)?.serial;
};

/**
 * The release as the record bucket keeps it. `replaces` names the stack's serial now, so that applying it is
 * deliberate: the program takes it under a new serial.
 */
export const showConfigAt = (which: string, options: Values, print: Printer): Promise<ExitCode> =>
  withStack(options, async ({ session }) => {
    const outputs = await session.outputs();
    const { stack, app } = session.config;
    const serial = await serialOf(which, session, outputs.release);
    const records = recordStore(session.objects(outputs).record, app.environment);
    const found = serial === undefined ? undefined : await records.release(serial);
    if (found === undefined)
      throw refused(`stack ${stack} has no kept release ${which}`, `sluice history --stack ${stack}`);
    const next: Release = { ...found, replaces: outputs.release?.serial ?? null };
    print.result('release', { release: next }, JSON.stringify(next));
    return EXIT.done;
  });
