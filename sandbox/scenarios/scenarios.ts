import type { S3Fault } from '../cloud/routes.ts';

/** How a release must end. */
export type Ending = 'success' | 'rolled_back' | 'failed';

/** One story: what goes wrong with version 2, and how it must end. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly must: string;
  readonly ends: Ending;
  /** Name of the fault in the application's `versions.json` that version 2 is built with. */
  readonly build?: string;
  /** What the application must have for it: counts of requests to judge by, or a database that releases migrate. */
  readonly needs?: 'counts' | 'database';
  /** Requests of target groups that the release brings are not counted. */
  readonly losesCounts?: boolean;
  /** Faults of the object store, set before the release starts. */
  readonly storage?: readonly S3Fault[];
  /** Somebody presses Ctrl-C while the first stage bakes. */
  readonly interrupt?: 'rollback' | 'leave';
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'healthy',
    title: 'version 2 is fine',
    must: 'version 2 at 100 %, no request failed, version 1 still warm',
    ends: 'success',
  },
  {
    name: 'errors',
    needs: 'counts',
    title: 'version 2 answers 5xx on part of its requests',
    must: 'rolled back at the canary by the error count, the backup kept',
    ends: 'rolled_back',
    build: 'errors',
  },
  {
    name: 'exhausted',
    title: 'version 2 becomes unhealthy once users come',
    must: 'rolled back at the first stages by its probes, users back on version 1',
    ends: 'rolled_back',
    build: 'exhausted',
  },
  {
    name: 'slow',
    needs: 'counts',
    title: 'version 2 is slower',
    must: 'rolled back by latency',
    ends: 'rolled_back',
    build: 'slow',
  },
  {
    name: 'crash',
    title: 'version 2 never becomes healthy',
    must: 'rolled back; no user ever reached version 2',
    ends: 'rolled_back',
    build: 'crash',
  },
  {
    name: 'wrong-version',
    title: 'the new slot answers with another version',
    must: 'rolled back; no user ever reached it',
    ends: 'rolled_back',
    build: 'wrong-version',
  },
  {
    name: 'bad-migration',
    needs: 'database',
    title: 'a statement of the migration fails',
    must: 'stopped before any service changed; the database as before; the statement named',
    ends: 'failed',
    build: 'bad-migration',
  },
  {
    name: 'bad-backup',
    needs: 'database',
    title: 'the stored backup differs from what was dumped',
    must: 'stopped before the migration',
    ends: 'failed',
    storage: [{ kind: 'corruptUploads', prefix: 'prod/', times: 1 }],
  },
  {
    name: 'cut-backup',
    needs: 'database',
    title: 'the upload of the backup is cut',
    must: 'stopped before the migration',
    ends: 'failed',
    storage: [{ kind: 'cutUploads', afterBytes: 200, prefix: 'prod/', times: 100 }],
  },
  {
    name: 'smoke-fails',
    title: 'a page that only the smoke tests ask for is broken',
    must: 'rolled back from 100 %',
    ends: 'rolled_back',
    build: 'smoke-fails',
  },
  {
    name: 'lost-metrics',
    needs: 'counts',
    title: 'version 2 has traffic, but nobody counts it',
    must: 'held for the configured time, then rolled back; never a silent pass',
    ends: 'rolled_back',
    losesCounts: true,
  },
  {
    name: 'ctrl-c',
    title: 'Ctrl-C while the canary bakes',
    must: 'rolled back (here; a terminal asks, a flag decides), nothing left running',
    ends: 'rolled_back',
    interrupt: 'rollback',
  },
];

export const findScenario = (name: string): Scenario | undefined => SCENARIOS.find((s) => s.name === name);
