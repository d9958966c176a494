import { note, type Turn } from './turn.ts';

/** Keeps when users were kept out and let in again, as the completed release says. */
export const noteClosed = (t: Turn): void => {
  const { s } = t;
  const closed = s.current?.maintenance !== undefined;
  if (closed && s.closed === undefined) s.closed = { from: t.now };
  if (closed || s.closed === undefined || s.closed.to !== undefined) return;
  s.closed.to = t.now;
  note(t, `users are let in again after ${Math.round((t.now - s.closed.from) / 1000)} s`, {
    tookMs: t.now - s.closed.from,
  });
};
