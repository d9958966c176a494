import type { Clock } from '../../lib/clock.ts';
import { ExpectedError, EXIT, messageOf, refused } from '../../lib/errors.ts';
import type { Journal } from '../adapters/journal.ts';
import type { State } from '../core/engine/types.ts';

/** The journal as one runner sees it: it writes what it believes, or learns that somebody else goes on. */
export interface Keeping {
  save(state: State): Promise<void>;
}

/** Another runner wrote this deployment's journal: this one must not do anything more. */
export class TakenOver extends Error {
  override readonly name = 'TakenOver';
}

const PATIENCE = 120_000;

export const keeping = (journal: Journal, clock: Clock, first: string | undefined): Keeping => {
  let etag = first;

  /** An answer can be lost after the write was done. */
  const isOurs = async (state: State): Promise<boolean> => {
    const there = await journal.load(state.request.deployment);
    if (there === undefined || JSON.stringify(there.state) !== JSON.stringify(state)) return false;
    etag = there.etag;
    return true;
  };
  const saveOnce = async (state: State): Promise<void> => {
    const saved = await journal.save(state, etag);
    if (saved !== undefined) etag = saved;
    else if (!(await isOurs(state))) {
      const { deployment } = state.request;
      if (etag === undefined)
        throw refused(
          `deployment ${deployment} has begun already`,
          `sluice status, or sluice deploy --resume ${deployment}`,
        );
      throw new TakenOver(`deployment ${deployment} is run by somebody else now`);
    }
  };
  return {
    save: async (state) => {
      const begun = clock.now();
      for (let pause = 250; ; pause = Math.min(pause * 2, 10_000)) {
        try {
          return await saveOnce(state);
        } catch (error) {
          // A bucket out of reach is waited for, however politely that is said; a refusal is final.
          if (error instanceof TakenOver) throw error;
          if (error instanceof ExpectedError && error.exit === EXIT.refused) throw error;
          if (clock.now() - begun > PATIENCE)
            throw new ExpectedError(`the journal cannot be written: ${messageOf(error)}`, {
              exit: EXIT.personNeeded,
              hint: `nothing more was done; when it can be written: sluice deploy --resume ${state.request.deployment}`,
              cause: error,
            });
          await clock.sleep(pause);
        }
      }
    },
  };
};
