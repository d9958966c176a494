import { appendFileSync } from 'node:fs';
import { badInput, messageOf } from '../lib/errors.ts';

/** A value that stands on one line: whatever else it holds, it can begin no second output. */
const oneLine = (value: string): string => value.replaceAll(/[\r\n]+/g, ' ');

/**
 * Leaves values for the steps and jobs that come after this one, where a workflow asks for them (`GITHUB_OUTPUT`).
 * Without a workflow nothing is written.
 */
export const writeJobOutputs = (
  values: Readonly<Record<string, string>>,
  file: string | undefined = process.env['GITHUB_OUTPUT'],
): void => {
  if (file === undefined || file === '') return;
  const text = Object.entries(values)
    .map(([name, value]) => `${name}=${oneLine(value)}\n`)
    .join('');
  try {
    appendFileSync(file, text);
  } catch (error) {
    throw badInput('the outputs of this job cannot be written', [
      { path: 'GITHUB_OUTPUT', reason: messageOf(error), got: file },
    ]);
  }
};
