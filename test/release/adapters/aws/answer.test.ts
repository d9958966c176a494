import { expect, it } from 'vitest';
import { holds, versionIn, wrongWith } from '../../../../release/adapters/aws/lambda/answer.ts';

it('an answer may hold more than is expected, in maps; lists and values are equal', () => {
  expect(holds({ a: 1, b: { c: 2, d: 3 } }, { b: { c: 2 } })).toBe(true);
  expect(holds({ a: null }, { a: null })).toBe(true);
  expect(holds([1, { a: 1, b: 2 }], [1, { a: 1 }])).toBe(true);
  expect(holds([1, 2], [1])).toBe(false);
  expect(holds({ a: '1' }, { a: 1 })).toBe(false);
  expect(holds(undefined, { a: 1 })).toBe(false);
  expect(holds('text', { length: 4 })).toBe(false);
});

const seen = { error: undefined, executed: '7', latencyMs: 10 };
const test = { name: 'greets', payload: null, within: 100 };

it('what an answer shows is short and without secrets', () => {
  const body = JSON.stringify({ url: 'postgres://ada:hunter2@db/x', long: 'x'.repeat(500) });
  const why = wrongWith({ ...test, expect: { ok: true } }, { ...seen, body }, '7') ?? '';
  expect(why).toContain('greets: answered');
  expect(why).not.toContain('hunter2');
  expect(why.length).toBeLessThan(300);
});

it('an answer that is no JSON, and an error without a message, are told all the same', () => {
  expect(wrongWith({ ...test, expect: 1 }, { ...seen, body: 'oops' }, '7')).toBe(
    'greets: answered "oops", expected 1',
  );
  expect(wrongWith(test, { ...seen, error: 'Unhandled', body: '{"errorType":"Runtime.X"}' }, '7')).toBe(
    'greets: the function failed: Runtime.X',
  );
  expect(versionIn('oops')).toBeUndefined();
});
