import { readQuantity } from '../config/units.ts';
import { badInput } from '../lib/errors.ts';

/** Reads a whole number strictly: `12x` and `1e3` are refused. */
export const parseWhole = (name: string, text: string, least: number, most: number): number => {
  if (/^\d{1,12}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
  throw badInput('an option cannot be used', [
    { path: name, reason: 'is no whole number in range', got: text, allowed: `${least} to ${most}` },
  ]);
};

/** Reads a quantity with its unit, e.g. `5 seconds`. */
export const parseQuantityOption = (
  name: string,
  text: string,
  kind: Parameters<typeof readQuantity>[0],
): number => {
  const read = readQuantity(kind, text);
  if (read.ok) return read.value;
  throw badInput('an option cannot be used', [
    { path: name, reason: read.reason, got: text, allowed: read.allowed },
  ]);
};
