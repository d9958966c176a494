import { EXIT, type ExitCode } from '../../lib/errors.ts';
import type { Result } from '../core/engine/types.ts';
import type { Driven } from './drive.ts';
import type { Outcome } from './types.ts';

const exitOf = (result: Result): ExitCode => {
  switch (result.status) {
    case 'success':
      return result.attention === undefined ? EXIT.done : EXIT.personNeeded;
    case 'rolled_back':
      return result.attention === undefined ? EXIT.rolledBack : EXIT.personNeeded;
    case 'refused':
      return EXIT.refused;
    case 'failed':
    case 'superseded':
      return EXIT.personNeeded;
  }
};

/** How a run ended, as a process says it. */
export const outcomeOf = ({ state, ending }: Driven): Outcome => {
  const { deployment } = state.request;
  const base = { deployment, state };
  const resume = `sluice deploy --resume ${deployment}`;
  switch (ending) {
    case 'over': {
      if (state.phase.name !== 'done') throw new Error('a deployment that is over is not done');
      const { result } = state.phase;
      return {
        ...base,
        result: result.status,
        exit: exitOf(result),
        why: result.why,
        ...(result.hint === undefined ? {} : { hint: result.hint }),
        ...(result.attention === undefined ? {} : { attention: result.attention }),
      };
    }
    case 'halted': {
      const { phase } = state;
      const why = phase.name === 'halted' ? phase.why : 'halted';
      const hint = phase.name === 'halted' ? phase.hint : resume;
      return { ...base, result: 'halted', exit: EXIT.personNeeded, why, hint };
    }
    case 'handedOn':
      return {
        ...base,
        result: 'handedOn',
        exit: EXIT.done,
        why: `the next phase is ${state.phase.name}`,
        hint: resume,
      };
    case 'left':
      return {
        ...base,
        result: 'left',
        exit: EXIT.personNeeded,
        why: `left as it is in phase ${state.phase.name}`,
        hint: `${resume}, or ${resume} --revert`,
      };
    case 'takenOver':
      return {
        ...base,
        result: 'superseded',
        exit: EXIT.personNeeded,
        why: `another runner goes on with deployment ${deployment}`,
        hint: 'sluice status',
      };
  }
};
