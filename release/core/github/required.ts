import type { CheckResult } from '../../ports/github.ts';
import type { Finding } from '../engine/types.ts';

/** What is known of one required check. */
export interface RequiredCheck {
  readonly name: string;
  /** On the commit that is deployed. */
  readonly result: CheckResult | undefined;
  /** Commit on which it passed last; only asked for where it did not run on the one that is deployed. */
  readonly passedOn?: string | undefined;
}

const short = (commit: string): string => commit.slice(0, 12);

const refusal = (message: string, hint: string): Finding => ({
  check: 'checks',
  level: 'refuse',
  message,
  hint,
});

/** Why a required check keeps a commit from being deployed (B2); undefined when it passed. */
export const requiredFinding = (
  { name, result, passedOn }: RequiredCheck,
  commit: string,
  repository: string,
): Finding | undefined => {
  const at = `https://github.com/${repository}/commit/${commit}`;
  if (result === undefined) {
    const elsewhere =
      passedOn === undefined || passedOn === commit
        ? ''
        : `; it passed on ${short(passedOn)}, which is another commit`;
    return refusal(
      `required check ${name} never ran on ${short(commit)}${elsewhere}`,
      `let it run on this very commit, then deploy again: ${at}`,
    );
  }
  if (result.commit !== commit)
    return refusal(
      `required check ${name}: the answer is about ${short(result.commit)}, not about ${short(commit)}`,
      `let it run on this very commit, then deploy again: ${at}`,
    );
  const link = result.link ?? at;
  switch (result.state) {
    case 'passed':
      return undefined;
    case 'pending':
      return refusal(
        `required check ${name} has not ended on ${short(commit)} (${result.word})`,
        `wait for it, then deploy again: ${link}`,
      );
    case 'skipped':
      return refusal(
        `required check ${name} was skipped on ${short(commit)}: it shows nothing`,
        `let it run, then deploy again: ${link}`,
      );
    case 'failed':
      return refusal(
        `required check ${name} did not pass on ${short(commit)} (${result.word})`,
        `mend what it found, then deploy the new commit: ${link}`,
      );
  }
};
