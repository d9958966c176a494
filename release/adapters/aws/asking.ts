import { messageOf, refused } from '../../../lib/errors.ts';

/** Longest time one question may take, all retries included, ms. */
const LONGEST_MS = 30_000;

export interface AskOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Runs one call of an action that the adapter has declared; `subject` names what it is about. */
export type Ask<Action extends string> = <T>(
  action: Action,
  subject: string,
  call: (options: { abortSignal: AbortSignal }) => Promise<T>,
  options?: AskOptions,
) => Promise<T>;

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');

export const isNamed = (error: unknown, ...names: readonly string[]): boolean =>
  names.includes(nameOf(error));

/** An answer of AWS, or of the SDK about credentials; anything else is a bug of ours. */
const isAnswer = (error: unknown): error is Error =>
  error instanceof Error &&
  ('$fault' in error || '$metadata' in error || /Credentials|Timeout/.test(error.name));

const hintOf = (name: string, action: string): string => {
  if (/AccessDenied|Unauthorized|NotAuthorized/.test(name)) return `the role must allow ${action}`;
  if (/Expired|Credentials|InvalidClientToken|UnrecognizedClient|SignatureDoesNotMatch/.test(name))
    return 'new AWS credentials are needed: log in again (aws sso login), or look at the role of this job';
  if (/Throttl|TooManyRequests|LimitExceeded|SlowDown/.test(name))
    return 'AWS is asked too often in this account and region; try again in a minute';
  return 'look at the message; the call may be repeated';
};

const explained = (action: string, subject: string, error: Error): Error => {
  const name = error.name === 'Error' ? '' : `${error.name}: `;
  return refused(`${action} ${subject}: ${name}${messageOf(error)}`, hintOf(error.name, action), error);
};

/**
 * The one way in which adapters call AWS: with a deadline over all retries, and with errors that say which action
 * failed, on what, and what to do. Only declared actions can be asked for, so that the list is the truth.
 */
export const askingFor =
  <const Action extends string>(_actions: readonly Action[]): Ask<Action> =>
  async (action, subject, call, options = {}) => {
    const deadline = AbortSignal.timeout(options.timeoutMs ?? LONGEST_MS);
    const { signal } = options;
    try {
      return await call({
        abortSignal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (deadline.aborted)
        throw refused(
          `${action} ${subject}: no answer within ${(options.timeoutMs ?? LONGEST_MS) / 1_000} s`,
          'is AWS reachable from here? The call may be repeated',
          error,
        );
      throw isAnswer(error) ? explained(action, subject, error) : error;
    }
  };

/** Parts of at most `size`. */
export const parts = <T>(all: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
