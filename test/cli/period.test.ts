import { expect, it } from 'vitest';
import { parseMoment } from '../../cli/period.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');

it.each([
  ['7 days', '2026-11-14T12:00:00.000Z'],
  ['2026-11-01', '2026-11-01T00:00:00.000Z'],
  ['2026-11-01T08:00:00+02:00', '2026-11-01T06:00:00.000Z'],
])('%s is a moment', (text, iso) => {
  expect(new Date(parseMoment('--since', text, NOW)).toISOString()).toBe(iso);
});

it.each(['yesterday', '7', '2026-13-01', '2026-11-01 08:00', ''])(
  '%j is none, and is told what is',
  (text) => {
    expect(() => parseMoment('--since', text, NOW)).toThrow(/--since.*"7 days"/s);
  },
);
