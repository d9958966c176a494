import { readQuantity } from '../config/units.ts';
import { badInput } from '../lib/errors.ts';

const INSTANT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** A moment as people say it: `2026-11-01`, `2026-11-01T08:00:00Z`, or how long ago: `7 days`. */
export const parseMoment = (name: string, text: string, now: number): number => {
  if (INSTANT.test(text)) {
    const at = Date.parse(text);
    if (!Number.isNaN(at)) return at;
  }
  const read = readQuantity('duration', text);
  if (read.ok) return now - read.value;
  throw badInput('an option cannot be used', [
    {
      path: name,
      reason: 'is no moment',
      got: text,
      allowed: 'how long ago ("7 days"), a day (2026-11-01) or a time with its zone (2026-11-01T08:00:00Z)',
    },
  ]);
};
