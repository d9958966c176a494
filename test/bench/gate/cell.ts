import type { Cell } from '../../../bench/gate/cells.ts';
import { GATE } from '../../../bench/gate/parts.ts';

/** What many runs of one workload gave: this gate, 20 of 20,000 identical releases sent back; `change` says otherwise. */
export const cell = (change: Partial<Cell>): Cell => ({
  part: 'calm',
  group: 'calm',
  kind: 'identical release',
  rate: 100,
  errors: 0.001,
  share: 0.05,
  rule: GATE,
  runs: 20_000,
  failed: 20,
  undecided: 0,
  median: null,
  p90: null,
  bad: 0,
  ...change,
});
