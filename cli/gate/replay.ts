import { replayGate, type GateRecord, type Replayed } from '../../release/core/gate/replay.ts';
import { many, spanText } from '../../release/core/gate/words.ts';

export interface ReplayReport {
  readonly replayed: readonly Replayed[];
  readonly agrees: boolean;
  /** What a person reads: how many verdicts, each change of the verdict, every one that differs. */
  readonly text: string;
}

/** Computes the verdicts of a record again and says where they differ. */
export const replayReport = (record: GateRecord): ReplayReport => {
  const replayed = replayGate(record);
  const differing = replayed.filter((one) => !one.agrees);
  const first = replayed[0]?.recorded.look?.stage.startedAt;
  const windows = record.log.text.split('\n').reduce((sum, line) => sum + windowsIn(line), 0);
  const lines = [
    `${many(replayed.length, 'verdict')} computed again from ${many(windows, 'window')}: ${
      differing.length === 0
        ? 'all agree'
        : `${differing.length} ${differing.length === 1 ? 'differs' : 'differ'} from the record`
    }`,
    ...turns(replayed).map((one) => lineOf(one, first)),
    ...differing.slice(0, SHOWN).flatMap((one) => differenceOf(one, first)),
    ...(differing.length > SHOWN ? [`… and ${differing.length - SHOWN} more`] : []),
  ];
  return { replayed, agrees: differing.length === 0, text: lines.join('\n') };
};

const SHOWN = 10;

const windowsIn = (line: string): number => (line.startsWith('w ') ? line.split(';').length : 0);

/** Verdicts at which something changed, and the last one. */
const turns = (replayed: readonly Replayed[]): readonly Replayed[] =>
  replayed.filter((one, k) => {
    const next = replayed[k + 1];
    return (
      next === undefined ||
      next.recorded.verdict !== one.recorded.verdict ||
      next.recorded.look?.stage.index !== one.recorded.look?.stage.index
    );
  });

const when = (one: Replayed, first: number | undefined): string => {
  const look = one.recorded.look;
  return look === undefined
    ? 'unknown time'
    : `after ${spanText(look.now - (first ?? look.stage.startedAt))}`;
};

const lineOf = (one: Replayed, first: number | undefined): string =>
  `  ${when(one, first).padEnd(14)} ${one.recorded.verdict.padEnd(4)}  ${one.recorded.why}`;

const differenceOf = (one: Replayed, first: number | undefined): readonly string[] => [
  `differs ${when(one, first)}:`,
  `  record:   ${one.recorded.verdict}  ${one.recorded.why}`,
  one.computed === undefined
    ? '  computed: not possible, the log does not reach so far'
    : `  computed: ${one.computed.verdict}  ${one.computed.why}`,
];
