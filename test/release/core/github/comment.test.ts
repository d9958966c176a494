import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  commentBody,
  LONGEST_COMMENT,
  LONGEST_SUMMARY,
  markerOf,
  summaryBody,
} from '../../../../release/core/github/comment.ts';

const bytes = (text: string): number => Buffer.byteLength(text, 'utf8');

describe('a comment', () => {
  it('begins with a mark that people do not see and that no key can end early', () => {
    expect(commentBody('preview/production', 'hello')).toBe('<!-- sluice:preview/production -->\nhello');
    const odd = markerOf('x --> <b>\n');
    expect(odd.indexOf('-->')).toBe(odd.length - 3);
    expect(odd).not.toMatch(/\n|<b>/);
  });

  it('of any length and any characters fits, and keeps its beginning', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('a', 'ü', '🚀', '\n', '日'),
        fc.integer({ min: 65_000, max: 66_500 }),
        (character, length) => {
          const text = `start ${character.repeat(length)}`;
          const body = commentBody('k', text);
          expect(body.length).toBeLessThanOrEqual(LONGEST_COMMENT);
          expect(body.startsWith(`${markerOf('k')}\nstart `)).toBe(true);
          expect(body.isWellFormed()).toBe(true);
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe('a job summary', () => {
  it('fits beside what other steps have written, counted in bytes', () => {
    expect(summaryBody('short')).toBe('short');
    const long = summaryBody('🚀'.repeat(400_000));
    expect(bytes(long)).toBeLessThanOrEqual(LONGEST_SUMMARY);
    expect(bytes(long)).toBeGreaterThan(LONGEST_SUMMARY - 10);
    expect(long).toContain('cut here');
    expect(bytes(summaryBody('x'.repeat(5_000), LONGEST_SUMMARY - 1_000))).toBeLessThanOrEqual(1_000);
  });
});
