import { EXIT, type ExitCode } from '../../lib/errors.ts';
import type { Result, State } from '../core/engine/types.ts';
import type { Driven, Ending } from './drive.ts';
import type { Outcome } from './types.ts';

const EXITS: Readonly<Record<Result['status'], ExitCode>> = {
  success: EXIT.done,
  rolled_back: EXIT.rolledBack,
  refused: EXIT.refused,
  failed: EXIT.personNeeded,
  superseded: EXIT.personNeeded,
};

type Told = Omit<Outcome, 'deployment' | 'state'>;

/** How a run ended, as a process says it. */
export const outcomeOf = ({ state, ending }: Driven): Outcome => ({
  deployment: state.request.deployment,
  state,
  ...TOLD[ending](state),
});

const resume = (s: State): string => `sluice deploy --resume ${s.request.deployment}`;

const TOLD: Readonly<Record<Ending, (s: State) => Told>> = {
  over: ({ phase }) => {
    if (phase.name !== 'done') throw new Error('a deployment that is over is not done');
    const { result } = phase;
    return {
      result: result.status,
      exit: result.attention === undefined ? EXITS[result.status] : EXIT.personNeeded,
      why: result.why,
      ...(result.hint === undefined ? {} : { hint: result.hint }),
      ...(result.attention === undefined ? {} : { attention: result.attention }),
    };
  },
  halted: (s) => ({
    result: 'halted',
    exit: EXIT.personNeeded,
    why: s.phase.name === 'halted' ? s.phase.why : 'halted',
    hint: s.phase.name === 'halted' ? s.phase.hint : resume(s),
  }),
  handedOn: (s) => ({
    result: 'handedOn',
    exit: EXIT.done,
    why: `the next phase is ${s.phase.name}`,
    hint: resume(s),
  }),
  left: (s) => ({
    result: 'left',
    exit: EXIT.personNeeded,
    why: `left as it is in phase ${s.phase.name}`,
    hint: `${resume(s)}, or ${resume(s)} --revert`,
  }),
  takenOver: (s) => ({
    result: 'superseded',
    exit: EXIT.personNeeded,
    why: `another runner goes on with deployment ${s.request.deployment}`,
    hint: 'sluice status',
  }),
};
