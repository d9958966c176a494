/** The row of bench/backup/drill.ts, which can also be run by itself. */
import type { Drilled } from '../cli/tasks/drill.ts';
import { runScript } from './child.ts';
import { largest, megabytes, seconds, spread } from './numbers.ts';
import type { Bench, Findings } from './row.ts';

const GOAL_MS = 60_000;

/** What of a drill is told here. */
export type DrillResult = Pick<Drilled, 'size' | 'uncompressedSize' | 'rtoMs' | 'rpoMs' | 'differences'>;

/** The slowest drill counts, and a copy that differs is no restore. Throws without a drill. */
export const drillFindings = (drills: readonly DrillResult[]): Findings => {
  const rto = drills.map((d) => d.rtoMs);
  const rpo = largest(drills.map((d) => d.rpoMs));
  const [size, plain] = [drills[0]?.size ?? 0, drills[0]?.uncompressedSize ?? 0];
  const different = drills.flatMap((d) => d.differences);
  return {
    rows: [
      {
        claim: `restore drill of a database of ${megabytes(plain)}: fetched, checked, restored beside the application’s, compared`,
        goal: `RTO at most ${GOAL_MS / 1_000} s`,
        measured: [
          `RTO ${spread(rto, seconds)}, RPO at most ${seconds(rpo)} (age of the backup), ${megabytes(size)} packed`,
          ...different.slice(0, 1).map((first) => `the copy differs: ${first}`),
        ].join('; '),
        met: largest(rto) <= GOAL_MS && different.length === 0,
      },
    ],
    numbers: { goalMs: GOAL_MS, drills },
  };
};

export const drill: Bench = {
  name: 'drill',
  title: 'a backup of 200 MB restored as a drill',
  run: async (say) => {
    say('filling a database of 200 MB and backing it up; a minute');
    const [result] = await runScript(new URL('backup/drill.ts', import.meta.url));
    if (result === undefined) throw new Error('bench/backup/drill.ts measured nothing');
    return drillFindings((result as { drills: readonly DrillResult[] }).drills);
  },
};
