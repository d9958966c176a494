/**
 * A database of 200 MB, a backup of it, then restore drills: the newest backup is fetched, checked, restored into a
 * database beside the application's and compared. One line of JSON on standard output.
 *
 *     node bench/backup/drill.ts
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backUp } from '../../cli/tasks/backup.ts';
import { restoreDrill, type Drilled } from '../../cli/tasks/drill.ts';
import { systemClock } from '../../lib/clock.ts';
import { s3Client } from '../../release/adapters/s3.ts';
import { startPostgres } from '../../sandbox/cloud/postgres/index.ts';
import { startS3 } from '../../sandbox/cloud/s3/index.ts';
import { fillDatabase } from './data.ts';

const MEGABYTES = 200;
const ROUNDS = 3;

const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
const [postgres, s3] = await Promise.all([
  startPostgres({ directory: join(directory, 'postgres') }),
  startS3({ directory: join(directory, 's3') }),
]);
try {
  s3.createBucket('backups');
  const url = await postgres.createDatabase('shop');
  await fillDatabase(url, MEGABYTES);
  const env = {
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
  };
  const ports = {
    secrets: { read: () => Promise.resolve(url) },
    clock: systemClock,
    signal: new AbortController().signal,
    env,
  };
  const common = {
    application: 'bench',
    environment: 'bench',
    directory: join(directory, 'work'),
    bucket: 'backups',
    database: {
      arn: 'arn:aws:secretsmanager:eu-central-1:000000000000:secret:bench-000000',
      version: 'v1',
    },
  };
  const client = s3Client(env);
  await backUp(
    {
      ...common,
      deployment: '1700000000-abcdef123456',
      timeout: undefined,
      prefix: 'bench',
      verify: 'scratch',
      lock: 'none',
      retention: undefined,
      scratch: undefined,
      tool: 'wasm',
    },
    ports,
    client,
  );
  const drills: Drilled[] = [];
  for (let round = 0; round < ROUNDS; round++)
    drills.push(await restoreDrill({ ...common, prefixes: ['bench', 'daily/bench'] }, ports, client));
  process.stdout.write(`${JSON.stringify({ drills })}\n`);
} finally {
  await Promise.all([postgres.close(), s3.close()]);
  rmSync(directory, { recursive: true, force: true });
}
