import { createHash } from 'node:crypto';
import { zip } from '../../sandbox/cloud/lambda/zip.ts';
import type { TestCloud } from '../sandbox/provider/cloud.ts';

export const FUNCTION = 'aws:lambda/function:Function';
export const ALIAS = 'aws:lambda/alias:Alias';
export const BUCKET = 'artifacts';
export const NAME = 'shop-production-greet';

/** A function that does what its payload asks for. */
const code = (version: string): string => `
export const handler = async (event, context) => {
  if (event.fail) throw new TypeError(event.fail);
  if (event.exit) process.kill(process.pid, 'SIGKILL');
  if (event.sleep) await new Promise((done) => setTimeout(done, event.sleep));
  return { message: 'Hello, ' + event.name + '!', version: '${version}', left: context.getRemainingTimeInMillis() > 0 };
};
`;

export interface Packed {
  readonly image: string;
  readonly key: string;
  readonly sha256: string;
}

/** Puts an artifact of a version into the sandbox's bucket, with its pointer. */
export const publishArtifact = async (t: TestCloud, version: string, text?: string): Promise<Packed> => {
  const { s3 } = t.cloud;
  if (s3.bucket(BUCKET) === undefined) s3.createBucket(BUCKET);
  const archive = zip({
    'index.mjs': new TextEncoder().encode(text ?? code(version.replace(/^v/, ''))),
  });
  const sha256 = createHash('sha256').update(archive).digest('hex');
  const put = (key: string, body: Uint8Array<ArrayBuffer> | string) =>
    fetch(`${s3.endpoint}/${BUCKET}/${key}`, {
      method: 'PUT',
      body,
      headers: { authorization: 'AWS4-HMAC-SHA256 Credential=test' },
    });
  await put(`greet/${sha256}.zip`, new Uint8Array(archive));
  await put(`greet/${version}.json`, JSON.stringify({ sha256 }));
  return { image: `s3://${BUCKET}/greet@sha256:${sha256}`, key: `greet/${sha256}.zip`, sha256 };
};

/** Inputs of the function as the program declares it. */
export const functionInputs = ({ key }: Packed, version: string, timeout = 1) => ({
  name: NAME,
  role: 'arn:aws:iam::000000000000:role/greet',
  runtime: 'nodejs22.x',
  handler: 'index.handler',
  memorySize: 128,
  timeout,
  s3Bucket: BUCKET,
  s3Key: key,
  publish: true,
  description: version,
  environment: { variables: { SLUICE_VERSION: version } },
});
