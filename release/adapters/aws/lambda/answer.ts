import type { FunctionTest } from '../../../../config/lambda/types.ts';
import { redactText } from '../../../../lib/redact.ts';

const SHOWN = 160;

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether an answer holds at least what is expected: maps may have more keys, everything else is equal. */
export const holds = (answer: unknown, expected: unknown): boolean => {
  if (isMap(expected))
    return isMap(answer) && Object.entries(expected).every(([key, value]) => holds(answer[key], value));
  if (Array.isArray(expected))
    return (
      Array.isArray(answer) &&
      answer.length === expected.length &&
      expected.every((value, i) => holds(answer[i], value))
    );
  return answer === expected;
};

/** Short, without anything that looks like a secret. */
const show = (value: unknown): string => {
  const text = redactText(JSON.stringify(value) ?? 'nothing');
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
};

export interface Invocation {
  /** Text of the answer. */
  readonly body: string;
  /** Lambda's word for an error of the function; undefined: it answered. */
  readonly error: string | undefined;
  readonly executed: string | undefined;
  readonly latencyMs: number;
}

const parse = (body: string): unknown => {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
};

/** What the function's answer calls its version; undefined when it names none. */
export const versionIn = (body: string): string | undefined => {
  const answer = parse(body);
  const version = isMap(answer) ? answer['version'] : undefined;
  return typeof version === 'string' ? version : undefined;
};

/** Why an answer to a test payload is not the expected one; undefined: it is. `number`: the published version asked for. */
export const wrongWith = (test: FunctionTest, seen: Invocation, number: string): string | undefined => {
  const answer = parse(seen.body);
  if (seen.error !== undefined) {
    const message = isMap(answer) ? (answer['errorMessage'] ?? answer['errorType']) : answer;
    return `${test.name}: the function failed: ${typeof message === 'string' ? redactText(message) : show(answer)}`;
  }
  if (seen.executed !== undefined && seen.executed !== number)
    return `${test.name}: version ${seen.executed} answered in the place of ${number}`;
  if (seen.latencyMs > test.within)
    return `${test.name}: took ${Math.round(seen.latencyMs)} ms, at most ${test.within} ms`;
  if (test.expect !== undefined && !holds(answer, test.expect))
    return `${test.name}: answered ${show(answer)}, expected ${show(test.expect)}`;
  return undefined;
};
