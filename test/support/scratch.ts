import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where unit tests keep their files, thousands of small folders: gone when the run is. */
export const SCRATCH = join(tmpdir(), `sluice-unit-${process.pid}`);

/** Called by vitest in its own process, before and after everything. */
export default (): (() => void) => {
  mkdirSync(SCRATCH, { recursive: true });
  return () => {
    rmSync(SCRATCH, { recursive: true, force: true });
  };
};
