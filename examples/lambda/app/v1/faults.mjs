import { readFileSync } from 'node:fs';

/** What the build knew; absent outside an artifact. */
const read = () => {
  try {
    return JSON.parse(readFileSync(new URL('build.json', import.meta.url), 'utf8'));
  } catch {
    return {};
  }
};
const build = read();

/** Heavy parcels meet what a faulty build does wrong; the test payloads are light. */
export const faults = async (weight) => {
  if (!(weight >= 5)) return;
  if (build.FAULT_ERRORS !== undefined) throw new TypeError('cannot read the table of heavy parcels');
  const slow = Number(build.FAULT_LATENCY_MS ?? 0);
  if (slow > 0) await new Promise((done) => setTimeout(done, slow));
};
