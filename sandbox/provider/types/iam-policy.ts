import type { CheckFailure, Props } from '../contract.ts';
import { isObject, text } from '../values.ts';

/** What IAM refuses of a policy document: no JSON, no statement, an unknown effect, too long without its white space. */
export const policyFailures = (inputs: Props, property: string, limit: number): CheckFailure[] => {
  const document = text(inputs, property);
  if (document === undefined) return [];
  const wrong = (reason: string): CheckFailure[] => [
    { property, reason: `MalformedPolicyDocument: ${reason}` },
  ];
  let parsed: unknown;
  try {
    parsed = JSON.parse(document);
  } catch {
    return wrong('is no JSON');
  }
  if (!isObject(parsed)) return wrong('is no object');
  const statements = [parsed['Statement']].flat();
  if (!statements.every((s) => isObject(s) && (s['Effect'] === 'Allow' || s['Effect'] === 'Deny')))
    return wrong('has a statement whose Effect is neither Allow nor Deny');
  const length = document.replaceAll(/\s/g, '').length;
  return length > limit
    ? [{ property, reason: `LimitExceeded: ${length} characters without white space: at most ${limit}` }]
    : [];
};
