/** The rows of bench/backup, which can also be run by itself. */
import { runScript } from './child.ts';
import { seconds } from './numbers.ts';
import type { Bench, Findings } from './row.ts';

/** What `bench/backup/run.ts --json` prints, as far as it is told here. */
export interface BackupResult {
  readonly plainMegabytes: number;
  readonly backupMs: {
    readonly ours: number;
    readonly rival: number;
    readonly ratio: number;
    readonly goal: number;
  };
  readonly restoreMs: { readonly oursWithCompare: number; readonly plain: number; readonly ratio: number };
  readonly memoryMiB: {
    readonly small: { readonly megabytes: number; readonly rss: number };
    readonly large: { readonly megabytes: number; readonly rss: number };
    readonly ratio: number;
    readonly goal: number;
  };
  readonly verified: boolean;
}

export const backupFindings = (result: BackupResult): Findings => {
  const { backupMs, restoreMs, memoryMiB, verified, plainMegabytes } = result;
  const { small, large } = memoryMiB;
  return {
    rows: [
      {
        claim: `a database of ${plainMegabytes} MB backed up, against pg_dump | gzip to a file by the same binary`,
        goal: `at most ${backupMs.goal} ×`,
        measured: `${backupMs.ratio.toFixed(2)} × (${seconds(backupMs.ours)} against ${seconds(backupMs.rival)})`,
        met: verified && backupMs.ratio <= backupMs.goal,
      },
      {
        claim: 'restored and compared, beside a plain restore',
        goal: '',
        measured: `${restoreMs.ratio.toFixed(2)} × (${seconds(restoreMs.oursWithCompare)} against ${seconds(restoreMs.plain)})`,
        met: undefined,
      },
      {
        claim: `memory of a backup at ${large.megabytes} MB, against ${small.megabytes} MB`,
        goal: 'the same within 20 %',
        measured: `${memoryMiB.ratio.toFixed(2)} × (${large.rss.toFixed(0)} against ${small.rss.toFixed(0)} MiB)`,
        met: verified && Math.abs(memoryMiB.ratio - 1) <= memoryMiB.goal - 1,
      },
    ],
    numbers: { ...result },
  };
};

export const backup: Bench = {
  name: 'backup',
  title: 'a database of 200 MB, dumped, packed, uploaded, restored, compared',
  run: async (say) => {
    say('filling databases of 50, 200 and 400 MB; some minutes');
    // 1: it ran, and a claim of its own is not met.
    const [result] = await runScript(new URL('backup/run.ts', import.meta.url), {
      args: ['--json'],
      answers: [0, 1],
    });
    if (result === undefined) throw new Error('bench/backup/run.ts measured nothing');
    return backupFindings(result as BackupResult);
  },
};
