import type { App } from '../../config/types.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Journal } from '../adapters/journal.ts';
import type { Records } from '../adapters/records.ts';
import type { State } from '../core/engine/types.ts';
import type { LeaseKeeper } from './keeper.ts';
import type { Ports } from './types.ts';

/** What one effect is executed with. */
export interface Context {
  readonly ports: Ports;
  readonly clock: Clock;
  readonly app: App;
  readonly journal: Journal;
  readonly records: Records;
  readonly keeper: LeaseKeeper;
  /** The state in which the effect was decided on. */
  readonly state: State;
  /** Started once before, by a runner that is gone: the world may already be changed. */
  readonly again: boolean;
  readonly signal: AbortSignal;
  /** Preview tokens by slot: read once, kept in memory only. */
  readonly tokens: () => Promise<Readonly<Record<string, string>>>;
}
