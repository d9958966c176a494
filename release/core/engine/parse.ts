import { z } from 'zod';
import type { State } from './types.ts';

/** The outline that a journal must have; what lies inside was written by the engine itself. */
const outline = z.looseObject({
  format: z.literal(1),
  kind: z.enum(['release', 'rollback']),
  request: z.looseObject({
    deployment: z.string(),
    environment: z.string(),
    version: z.string(),
    by: z.string(),
  }),
  settings: z.looseObject({ stages: z.array(z.unknown()), timeouts: z.looseObject({}) }),
  phase: z.looseObject({ name: z.string() }),
  startedAt: z.number(),
  steps: z.array(z.unknown()),
  at: z.number(),
  stages: z.array(z.unknown()),
  timeline: z.array(z.unknown()),
  pending: z.array(z.looseObject({ effect: z.looseObject({ id: z.string(), kind: z.string() }) })),
  counter: z.number(),
  control: z.number(),
  runner: z.string(),
});

/** Reads a state from JSON text. Throws a plain error that says what is wrong. */
export const parseState = (text: string): State => {
  const value: unknown = JSON.parse(text);
  outline.parse(value);
  return value as State;
};
