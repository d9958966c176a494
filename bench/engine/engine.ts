import { largest, median, milliseconds, seconds, spread } from '../numbers.ts';
import type { Bench, Findings } from '../row.ts';
import type { Rollback } from '../rollout/rollback.ts';
import { firstDeployment } from './first.ts';
import { lockedRollbacks, SERVICES } from './locked.ts';
import { resumes, type Resumed } from './resume.ts';
import { stepsByAutomation, stepsBySluice } from './step.ts';
import { beginWith, openEngineWorld } from './world.ts';

const STEP_RATIO = 1.5;
const FIRST_RATIO = 3;
const RESTORED_MS = 1_000;
const RESUME_MS = 5_000;
const FIRST_RUNS = 2;
const ROLLBACKS = 3;
const RESUMES = 3;

export interface Measured {
  readonly sluice: readonly number[];
  readonly automation: readonly number[];
  readonly real: readonly number[];
  readonly embedded: readonly number[];
  /** Resources of the first deployment. */
  readonly made: number;
  readonly locked: readonly Rollback[];
  readonly resumed: readonly Resumed[];
}

export const engineFindings = (m: Measured): Findings => {
  const step = median(m.sluice) / median(m.automation);
  const first = median(m.real) / median(m.embedded);
  const restored = m.locked.map(({ restoredMs }) => restoredMs ?? Number.POSITIVE_INFINITY);
  const recorded = m.locked.map(({ recordedMs }) => recordedMs ?? Number.POSITIVE_INFINITY);
  const verified = m.locked.every((r) => r.verified === true);
  const resumed = m.resumed.map(({ ms }) => ms);
  return {
    rows: [
      {
        claim: 'a step of weights alone by sluice, against the same change by plain Automation (real engine)',
        goal: 'at most 1.5 ×',
        measured: `${step.toFixed(2)} × (${spread(m.sluice, seconds)} against ${spread(m.automation, seconds)})`,
        met: step <= STEP_RATIO,
      },
      {
        claim: `emergency rollback of ${SERVICES} services while the stack is locked: from the decision to weights restored and read back`,
        goal: 'at most 1 s',
        measured:
          `${spread(restored, milliseconds)}; with the update that records it ${seconds(median(recorded))}` +
          (verified ? '' : '; not each verified'),
        met: verified && largest(restored) <= RESTORED_MS,
      },
      {
        claim: `first deployment of Azora’s production (${m.made} resources): embedded engine against the real one`,
        goal: 'at least 3 × faster',
        measured: `${first.toFixed(1)} × (${spread(m.embedded, seconds)} against ${spread(m.real, seconds)})`,
        met: first >= FIRST_RATIO,
      },
      {
        claim:
          'a killed release resumed by the next process: first effect after the old lease’s end, or after its start, whichever is later (real engine)',
        goal: 'at most 5 s',
        measured: spread(resumed, seconds),
        met: largest(resumed) <= RESUME_MS,
      },
    ],
    numbers: { ...m },
  };
};

const steps = async (say: (line: string) => void): Promise<Pick<Measured, 'sluice' | 'automation'>> => {
  const world = await openEngineWorld();
  try {
    const session = await world.session('real');
    await beginWith(session, 'v1.0.0');
    const sluice = await stepsBySluice(session);
    say(`a step by sluice: ${spread(sluice, seconds)}`);
    const automation = await stepsByAutomation(world, session);
    say(`by plain Automation: ${spread(automation, seconds)}`);
    await session.close();
    return { sluice, automation };
  } finally {
    await world.close();
  }
};

export const engine: Bench = {
  name: 'engine',
  title: 'the real engine: steps, rollback while locked, first deployment, resume',
  run: async (say) => {
    const real: number[] = [];
    const embedded: number[] = [];
    let made = 0;
    // The first of each loads the program: it does not count.
    for (let run = 0; run <= FIRST_RUNS; run += 1) {
      const [a, b] = [await firstDeployment('embedded'), await firstDeployment('real')];
      say(`first deployment: embedded ${seconds(a.ms)}, real ${seconds(b.ms)}`);
      if (run === 0) continue;
      embedded.push(a.ms);
      real.push(b.ms);
      made = a.made;
    }
    const measured = { real, embedded, made, ...(await steps(say)) };
    const locked = await lockedRollbacks(ROLLBACKS, say);
    return engineFindings({ ...measured, locked, resumed: await resumes(RESUMES, say) });
  },
};
