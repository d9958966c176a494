/**
 * A 200 MB database: our backup (dump, compress, upload) against `pg_dump | gzip > file` by the same pg_dump, restore
 * and compare beside a plain restore, and memory at 50 MB and at 400 MB.
 *
 *     node bench/backup/run.ts [--quick] [--json]
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startPostgres } from '../../sandbox/cloud/postgres/index.ts';
import { startS3 } from '../../sandbox/cloud/s3/index.ts';
import { fillDatabase } from './data.ts';
import { dumpToFile, restoreFromFile } from './rival.ts';

interface Ours {
  readonly dumpAndUpload: number;
  readonly restore: number;
  readonly compare: number;
  readonly size: number;
  readonly plain: number;
  readonly verified: boolean;
  readonly maxRssKiB: number;
}

const quick = process.argv.includes('--quick');
const SIZE = quick ? 40 : 200;
const SMALL = quick ? 10 : 50;
const LARGE = quick ? 80 : 400;
const ROUNDS = quick ? 1 : 3;

const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
const [postgres, s3] = await Promise.all([
  startPostgres({ directory: join(directory, 'postgres') }),
  startS3({ directory: join(directory, 's3') }),
]);
s3.createBucket('backups');
let count = 0;

const ours = async (url: string, verify: 'scratch' | 'checksum'): Promise<Ours> => {
  const script = fileURLToPath(new URL('measured.ts', import.meta.url));
  const deployment = `1700000${String(count++).padStart(3, '0')}-abcdef123456`;
  const input = { url, endpoint: s3.endpoint, deployment, directory: join(directory, 'work'), verify };
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(input)]);
  return JSON.parse(stdout) as Ours;
};
const middle = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const ratio = (a: number, b: number): number => Math.round((a / b) * 100) / 100;

const measure = async () => {
  const url = await postgres.createDatabase('shop');
  await fillDatabase(url, SIZE);
  const file = join(directory, 'rival.sql.gz');
  const rounds: { rival: number; rivalSize: number; plainRestore: number; ours: Ours }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const rival = await dumpToFile(url, file);
    const plainRestore = await restoreFromFile(file, postgres.superuserUrl, 'plain_restore');
    rounds.push({ rival: rival.ms, rivalSize: rival.size, plainRestore, ours: await ours(url, 'scratch') });
  }
  const small = await ours(await filled('small', SMALL), 'scratch');
  const large = await ours(await filled('large', LARGE), 'scratch');
  const rivalMs = middle(rounds.map((r) => r.rival));
  const oursMs = middle(rounds.map((r) => r.ours.dumpAndUpload));
  const verifyMs = middle(rounds.map((r) => r.ours.restore + r.ours.compare));
  const plainMs = middle(rounds.map((r) => r.plainRestore));
  return {
    plainMegabytes: Math.round((rounds[0]?.ours.plain ?? 0) / 1e6),
    packedMegabytes: { ours: (rounds[0]?.ours.size ?? 0) / 1e6, rival: (rounds[0]?.rivalSize ?? 0) / 1e6 },
    backupMs: { ours: oursMs, rival: rivalMs, ratio: ratio(oursMs, rivalMs), goal: 1.2 },
    restoreMs: { oursWithCompare: verifyMs, plain: plainMs, ratio: ratio(verifyMs, plainMs) },
    memoryMiB: {
      small: { megabytes: SMALL, rss: small.maxRssKiB / 1024 },
      large: { megabytes: LARGE, rss: large.maxRssKiB / 1024 },
      ratio: ratio(large.maxRssKiB, small.maxRssKiB),
      goal: 1.2,
    },
    verified: [...rounds.map((r) => r.ours), small, large].every((o) => o.verified),
  };
};

const filled = async (name: string, megabytes: number): Promise<string> => {
  const url = await postgres.createDatabase(name);
  await fillDatabase(url, megabytes);
  return url;
};

const table = (r: Awaited<ReturnType<typeof measure>>): string => {
  const s = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
  const rows: [string, string, string, string][] = [
    ['', 'ours', 'rival', 'ratio'],
    [
      `backup of ${r.plainMegabytes} MB`,
      s(r.backupMs.ours),
      `${s(r.backupMs.rival)} (pg_dump | gzip > file)`,
      `${r.backupMs.ratio} (goal <= 1.2)`,
    ],
    [
      'packed',
      `${r.packedMegabytes.ours.toFixed(1)} MB`,
      `${r.packedMegabytes.rival.toFixed(1)} MB`,
      String(ratio(r.packedMegabytes.ours, r.packedMegabytes.rival)),
    ],
    [
      'restore',
      `${s(r.restoreMs.oursWithCompare)} with compare`,
      `${s(r.restoreMs.plain)} (gunzip, no compare)`,
      String(r.restoreMs.ratio),
    ],
    [
      'peak memory',
      `${r.memoryMiB.large.rss.toFixed(0)} MiB at ${r.memoryMiB.large.megabytes} MB`,
      `${r.memoryMiB.small.rss.toFixed(0)} MiB at ${r.memoryMiB.small.megabytes} MB`,
      `${r.memoryMiB.ratio} (goal <= 1.2)`,
    ],
  ];
  const widths = [0, 1, 2, 3].map((i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

try {
  const result = await measure();
  console.log(
    process.argv.includes('--json') ? JSON.stringify(result) : `${table(result)}\n${JSON.stringify(result)}`,
  );
  const good = result.verified && result.backupMs.ratio <= 1.2 && result.memoryMiB.ratio <= 1.2;
  process.exitCode = good ? 0 : 1;
} finally {
  await Promise.all([postgres.close(), s3.close()]);
  rmSync(directory, { recursive: true, force: true });
}
