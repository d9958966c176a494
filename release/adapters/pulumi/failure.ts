import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { ExpectedError, messageOf, refused } from '../../../lib/errors.ts';
import { redactText } from '../../../lib/redact.ts';
import { UpdateFailed } from '../../ports/stack.ts';
import { nameOf, tally, type Tally } from './events.ts';
import { lockedError, lockHolders } from './lock.ts';

/** What is known when a run of the engine has failed. */
export interface FailedRun {
  readonly stack: string;
  readonly error: unknown;
  readonly events: readonly EngineEvent[];
  /** What the program threw in this process, if it did. */
  readonly thrown: unknown;
  readonly cancelled: boolean;
  /** A preview has changed nothing. Default: an update. */
  readonly what?: 'update' | 'preview';
}

/** The expected error behind an error of Pulumi's kind: the program keeps it as the cause. */
const expectedIn = (error: unknown): ExpectedError | undefined => {
  for (let e = error; e instanceof Error; e = e.cause) if (e instanceof ExpectedError) return e;
  return undefined;
};

const isForPeople = (error: unknown): error is Error =>
  // The SDK's own marks of errors that a program raises for its user (the second is spelt like this there).
  error instanceof Error && ('__pulumiRunError' in error || '__pulumResourceError' in error);

/** Providers gather errors below a line that says only how many there are. */
const headOf = (reason: string): string => {
  const lines = reason.split('\n').map((line) => line.replace(/^[\s*]+/, ''));
  return lines.find((line) => line !== '' && !/^\d+ errors? occurred:?$/.test(line)) ?? '';
};

const few = (names: readonly string[]): string =>
  names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;

/** One line: where it broke, what was changed, what was not, what to run. */
const summary = (
  { stack, cancelled, what = 'update' }: FailedRun,
  { changed, failed, unfinished }: Tally,
  why = '',
): string => {
  const broke = failed.map((f) => `${nameOf(f.urn)}: ${headOf(f.reason)}`);
  if (why !== '') broke.push(why);
  const ended = cancelled ? 'was stopped' : 'failed';
  const head = `the ${what} of stack ${stack} ${ended}${broke.length === 0 ? '' : `: ${few(broke)}`}`;
  if (what === 'preview') return `${head}. Nothing was changed`;
  const names = [...new Set(changed.map(nameOf))];
  return [
    head,
    ...(unfinished.length === 0 ? [] : [`Begun, and not seen to end: ${few(unfinished.map(nameOf))}`]),
    names.length === 0
      ? 'Nothing was changed before'
      : `Changed before: ${few(names)}; everything else is as it was`,
    `The same update can be run again; sluice reconcile --stack ${stack} goes back to the last completed release`,
  ].join('. ');
};

const WRONG_PASSPHRASE = /incorrect passphrase|passphrase must be set|unable to find either .*PASSPHRASE/;

/** Texts of the engine that have one cause and one way out. */
const known = (stack: string, error: unknown): ExpectedError | undefined => {
  const text = messageOf(error);
  const holders = lockHolders(text);
  if (holders !== undefined) return lockedError(stack, holders, error);
  if (WRONG_PASSPHRASE.test(text))
    return refused(
      `the passphrase given does not open the secrets of stack ${stack}; nothing was changed`,
      'set PULUMI_CONFIG_PASSPHRASE to the one its state was last sealed with ' +
        '(it is changed by: pulumi stack change-secrets-provider passphrase)',
      error,
    );
  return undefined;
};

/**
 * An error of the engine in the words of the port: a refusal (of the program, a lock, a passphrase) is expected,
 * resources that failed and an update that was stopped are `UpdateFailed`, the rest is a bug.
 */
export const translate = (run: FailedRun): unknown => {
  const { stack, error, events, thrown, cancelled } = run;
  if (error instanceof ExpectedError || error instanceof UpdateFailed) return error;
  const counted = tally(events);
  const { failed, errors } = counted;
  const changed = run.what === 'preview' ? [] : [...counted.changed];
  if (cancelled || failed.length > 0) return new UpdateFailed(summary(run, counted), changed, [...failed]);
  const expected = expectedIn(thrown);
  if (expected !== undefined) return expected;
  if (isForPeople(thrown)) return refused(thrown.message, undefined, thrown);
  const way = known(stack, error);
  if (way !== undefined) return way;
  if (changed.length > 0 || counted.unfinished.length > 0) {
    const why = redactText(messageOf(thrown ?? errors[0] ?? error)).split('\n')[0];
    const failure = new UpdateFailed(summary(run, counted, why), changed, []);
    return Object.assign(failure, { cause: thrown ?? error });
  }
  if (thrown instanceof Error) return thrown;
  if (errors.length > 0) return refused(errors.join('\n'), undefined, error);
  return error;
};
