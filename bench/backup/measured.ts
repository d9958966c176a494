/**
 * One measurement in a process of its own, so that its memory is its own: what to do comes as JSON in the first
 * argument, the result goes out as one line of JSON.
 */
import { backUp } from '../../cli/tasks/backup.ts';
import { systemClock } from '../../lib/clock.ts';
import { s3Client } from '../../release/adapters/s3.ts';

const { url, endpoint, deployment, directory, verify } = JSON.parse(process.argv[2] ?? '{}') as {
  url: string;
  endpoint: string;
  deployment: string;
  directory: string;
  verify: 'scratch' | 'checksum';
};
const env = {
  AWS_ENDPOINT_URL_S3: endpoint,
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
};
const secret = { arn: 'arn:aws:secretsmanager:eu-central-1:000000000000:secret:bench-000000', version: 'v1' };
const metadata = await backUp(
  {
    application: 'bench',
    environment: 'bench',
    deployment,
    directory,
    timeout: undefined,
    bucket: 'backups',
    prefix: 'bench',
    verify,
    lock: 'none',
    retention: undefined,
    database: secret,
    scratch: undefined,
    tool: 'wasm',
  },
  {
    secrets: { read: async () => Promise.resolve(url) },
    clock: systemClock,
    signal: new AbortController().signal,
    env,
  },
  s3Client(env),
);
process.stdout.write(
  `${JSON.stringify({ ...metadata.durations, size: metadata.size, plain: metadata.uncompressedSize, verified: metadata.verified, maxRssKiB: process.resourceUsage().maxRSS })}\n`,
);
