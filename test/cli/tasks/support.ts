import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { systemClock } from '../../../lib/clock.ts';
import { s3Client } from '../../../release/adapters/s3.ts';
import type { TaskPorts } from '../../../cli/tasks/task.ts';
import { startPostgres } from '../../../sandbox/cloud/postgres/index.ts';
import { startS3 } from '../../../sandbox/cloud/s3/index.ts';

/** A PostgreSQL, an S3 with two buckets, and ports of a task, for tests. */
export const startWorld = async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-tasks-'));
  const [postgres, s3] = await Promise.all([
    startPostgres({ directory: join(directory, 'postgres') }),
    startS3({ directory: join(directory, 's3') }),
  ]);
  s3.createBucket('backups', { versioning: 'enabled', objectLock: { enabled: true } });
  s3.createBucket('records');
  const lines: string[] = [];
  const secrets = new Map<string, string>();
  const reference = (name: string, url: string): { arn: string; version: string } => {
    const arn = `arn:aws:secretsmanager:eu-central-1:000000000000:secret:${name}-AbCdEf`;
    secrets.set(arn, url);
    return { arn, version: 'v1' };
  };
  const env = {
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'sandbox',
    AWS_SECRET_ACCESS_KEY: 'sandbox',
    PATH: process.env['PATH'],
  };
  const ports: TaskPorts = {
    secrets: { read: async ({ arn }) => Promise.resolve(secrets.get(arn) ?? '') },
    clock: systemClock,
    signal: new AbortController().signal,
    env,
    log: (line) => void lines.push(line),
  };
  const run = async (url: string, sql: string): Promise<Record<string, unknown>[]> => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      const result = await client.query<Record<string, unknown>>(sql);
      return Array.isArray(result) ? [] : result.rows;
    } finally {
      await client.end();
    }
  };
  return {
    directory,
    postgres,
    s3,
    client: s3Client(env),
    ports,
    lines,
    reference,
    run,
    databases: async () =>
      (
        await run(postgres.superuserUrl, 'SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1')
      ).map((r) => String(r['datname'])),
    close: async () => {
      await Promise.all([postgres.close(), s3.close()]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

export type World = Awaited<ReturnType<typeof startWorld>>;
