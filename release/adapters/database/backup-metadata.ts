import { z } from 'zod';
import { EXIT, ExpectedError } from '../../../lib/errors.ts';

/** What is kept beside a backup. Times are ISO 8601, sizes bytes, durations milliseconds. */
const schema = z.object({
  format: z.literal(1),
  application: z.string(),
  environment: z.string(),
  deployment: z.string(),
  /** `s3://bucket/key` of the dump. */
  location: z.string(),
  /** The moment the backup shows. */
  timestamp: z.string(),
  finishedAt: z.string(),
  database: z.string(),
  server: z.string(),
  tool: z.string(),
  size: z.number(),
  uncompressedSize: z.number(),
  sha256: z.string(),
  tables: z.array(z.object({ name: z.string(), rows: z.number(), hash: z.string() })),
  /** Migrations that had run, where a list of them was found. */
  migrations: z.array(z.string()),
  /** Whether it was read back and, with `scratch`, restored and found equal. */
  verified: z.boolean(),
  verification: z.object({
    how: z.enum(['scratch', 'checksum']),
    differences: z.array(z.string()),
    /** Differences that are not listed. */
    more: z.number(),
    /** Statements about owners and privileges that the scratch server did not know the roles for. */
    skipped: z.array(z.string()),
  }),
  durations: z.object({
    dumpAndUpload: z.number(),
    restore: z.number(),
    compare: z.number(),
    total: z.number(),
  }),
  lockedUntil: z.string().optional(),
});

export type BackupMetadata = z.infer<typeof schema>;

export const serialiseMetadata = (metadata: BackupMetadata): string =>
  `${JSON.stringify(metadata, undefined, 2)}\n`;

/** Throws `ExpectedError` naming the object when it is not what this program writes. */
export const parseMetadata = (text: string, location: string): BackupMetadata => {
  const parsed = schema.safeParse(readJson(text));
  if (parsed.success) return parsed.data;
  throw new ExpectedError(`the metadata of a backup, ${location}, is damaged`, {
    exit: EXIT.personNeeded,
    hint: 'look for an earlier version of that object, or restore by hand: docs/runbooks',
    cause: parsed.error,
  });
};

const readJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
