import { messageOf } from '../lib/errors.ts';

/** What a failed look-up said, without the words that the SDK puts around it. */
export const reasonOf = (error: unknown): string => {
  const [first = ''] = messageOf(error).split('\n');
  return first.replace(/^Invoke of '[^']*' failed: /, '').replace(/ \(\)$/, '');
};
