import { refused } from '../../../lib/errors.ts';
import { readOlder } from './older.ts';
import { recordSchema, type DeploymentRecord } from './schema.ts';

/** Readers by format: an older record is read as it was written and never rewritten. */
const READERS: Readonly<Record<number, (value: unknown) => DeploymentRecord>> = {
  // The documents' own shape, which says no format.
  0: readOlder,
  1: (value) => recordSchema.parse(value),
};

export const serialiseRecord = (record: DeploymentRecord): string => `${JSON.stringify(record, null, 2)}\n`;

const mend = 'restore the object from its earlier version in the record bucket, or move it away';

/** Reads a record. A damaged one gives one clear error (exit 3) that names the file. */
export const parseRecord = (text: string, file: string): DeploymentRecord => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refused(`record ${file} is damaged: it is not JSON`, mend, error);
  }
  const format = formatOf(value);
  const reader = typeof format === 'number' ? READERS[format] : undefined;
  if (reader === undefined)
    throw refused(
      `record ${file} has format ${JSON.stringify(format) ?? 'none'}; this sluice reads ${Object.keys(READERS).join(', ')}`,
      typeof format === 'number' && format > 1 ? 'update sluice' : mend,
    );
  try {
    return reader(value);
  } catch (error) {
    throw refused(`record ${file} is damaged: ${firstIssue(error)}`, mend, error);
  }
};

const formatOf = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('format' in value) return value.format;
  return 'deployment_id' in value ? 0 : undefined;
};

const firstIssue = (error: unknown): string => {
  const issues = error !== null && typeof error === 'object' && 'issues' in error ? error.issues : undefined;
  const first: unknown = Array.isArray(issues) ? issues[0] : undefined;
  if (first === null || typeof first !== 'object') return String(error);
  const path = 'path' in first && Array.isArray(first.path) ? first.path.join('.') : '';
  return `${path === '' ? 'the whole' : path}: ${'message' in first ? String(first.message) : 'wrong'}`;
};
