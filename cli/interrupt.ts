import { createInterface } from 'node:readline/promises';
import type { Printer } from './print.ts';

/**
 * What an interruption means for a running release: as the flag says, or as a person answers in a terminal.
 * Without both, everything goes back: a release is never left half-way by accident.
 */
export const askInterrupt = async (
  flag: string | undefined,
  print: Printer,
): Promise<'rollback' | 'leave'> => {
  if (flag === 'rollback' || flag === 'leave') return flag;
  if (!process.stdin.isTTY || print.json) return 'rollback';
  print.settle();
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  try {
    // A second Ctrl-C is an answer too: the safe one.
    const again = new Promise<string>((resolve) => {
      reader.once('SIGINT', () => resolve('r'));
      reader.once('close', () => resolve('r'));
    });
    const question = reader.question(
      '\n  Interrupted. Roll back now [r], or leave it as it is for `sluice deploy --resume` [l]? ',
    );
    const answer = (await Promise.race([question, again])).trim().toLowerCase();
    return answer.startsWith('l') ? 'leave' : 'rollback';
  } finally {
    reader.close();
  }
};
