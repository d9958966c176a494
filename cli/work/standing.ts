import { journalStore } from '../../release/adapters/journal.ts';
import { recordStore } from '../../release/adapters/records.ts';
import type { State } from '../../release/core/engine/types.ts';
import type { RecordPlace, Standing } from '../../release/core/github/markdown.ts';
import { buildRecord } from '../../release/core/records/build.ts';
import { recordKey } from '../../release/core/records/names.ts';
import type { DeploymentRecord } from '../../release/core/records/schema.ts';
import type { StackOutputs } from '../../release/ports/stack.ts';
import type { Session } from '../session/open.ts';

/** A deployment as it stands: with its record, or with what one would say now. */
export interface Stood {
  readonly record: DeploymentRecord;
  readonly standing: Standing;
  /** Where the record is; undefined while there is none. */
  readonly place: RecordPlace | undefined;
}

const standingIn = ({ phase }: State): Standing => {
  if (phase.name === 'approval') return 'waiting';
  if (phase.name !== 'done') return 'running';
  const { status } = phase.result;
  return status === 'superseded' ? 'rolled_back' : status;
};

/** The newest: an open one, otherwise the one whose record is newest. */
const newest = async (session: Session, outputs: StackOutputs): Promise<string | undefined> => {
  const { lease, record } = session.objects(outputs);
  const { environment } = session.config.app;
  const open = (await journalStore(lease, environment).listOpen()).at(-1);
  if (open !== undefined) return open.request.deployment;
  return (await recordStore(record, environment).summaries())[0]?.deployment;
};

/** The deployment named, or the newest; undefined when none has begun. */
export const standingOf = async (
  session: Session,
  wanted: string | undefined,
): Promise<Stood | undefined> => {
  const outputs = await session.stack.outputs();
  if (outputs === undefined) return undefined;
  const deployment = wanted ?? (await newest(session, outputs));
  if (deployment === undefined) return undefined;
  const { environment } = session.config.app;
  const { lease, record } = session.objects(outputs);
  const [state, kept] = await Promise.all([
    journalStore(lease, environment)
      .load(deployment)
      .then((entry) => entry?.state),
    recordStore(record, environment).read(deployment),
  ]);
  const place: RecordPlace = {
    bucket: outputs.buckets.record,
    region: session.config.values['aws:region'],
    key: recordKey(environment, deployment),
  };
  if (state === undefined)
    return kept === undefined ? undefined : { record: kept, standing: kept.status, place };
  const standing = standingIn(state);
  if (kept !== undefined) return { record: kept, standing, place };
  return { record: buildRecord(state, 'failed', session.clock.now()), standing, place: undefined };
};
