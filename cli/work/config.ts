import { EXIT, refused, type ExitCode } from '../../lib/errors.ts';
import { recordStore } from '../../release/adapters/records.ts';
import type { Release } from '../../config/release.types.ts';
import { liveOf, liveSlot } from '../../release/core/release.ts';
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
  const now = liveOf(current)?.deployment;
  const recorded = records.find((r) => r.status === 'success' && r.live?.deployment !== now)?.serial;
  return recorded ?? (await keptBefore(session, current, now));
};

const LOOK_BACK = 100;

/** Releases by hand and by plain updates leave no records, but every completed one is kept under its serial. */
const keptBefore = async (
  session: Session,
  current: Release | undefined,
  now: string | undefined,
): Promise<number | undefined> => {
  if (current === undefined) return undefined;
  const { record } = session.objects(await session.outputs());
  const kept = recordStore(record, session.config.app.environment);
  for (let serial = current.serial - 1; serial >= Math.max(0, current.serial - LOOK_BACK); serial -= 1) {
    const found = await kept.release(serial);
    const live = found === undefined ? undefined : liveSlot(found);
    if (found === undefined || live === undefined || found.traffic[live] !== 100) continue;
    if (found.slots[live]?.deployment !== now) return serial;
  }
  return undefined;
};

/**
 * The release as the record bucket keeps it, as the next one of the stack as it is now: under a new serial, and
 * naming the one it replaces, so that applying it is deliberate.
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
    const current = outputs.release?.serial;
    const next: Release =
      current === undefined
        ? { ...found, serial: 0, replaces: null }
        : { ...found, serial: current + 1, replaces: current };
    print.result('release', { release: next }, JSON.stringify(next));
    return EXIT.done;
  });
