import { expect } from 'vitest';
import type { Release } from '../../config/release.types.ts';
import { ExpectedError } from '../../lib/errors.ts';
import { UpdateFailed, type UpdateEvent } from '../../release/ports/stack.ts';
import type { Program } from '../../sandbox/engine/index.ts';
import type { Ground } from './ground.ts';
import { comparable, comparableState, misordered, nameOf, operations } from './seen.ts';
import type { Opened, StateResource } from './updaters.ts';

/** What a chapter can see and change of the world it runs in. */
export interface Scene {
  readonly ground: Ground;
  readonly opened: Opened;
}

/** One update of a story. */
export interface Chapter {
  readonly name: string;
  /** What happens before; may change `opened.program` and `opened.config`, and resolves to the release, if any. */
  readonly prepare?: (scene: Scene) => Promise<Release | undefined> | Release | undefined;
  /** What is expected to come of it; default `done`. */
  readonly ends?: 'done' | 'failed' | 'refused';
  /** Also previewed before: what it announces is compared, too. */
  readonly previewed?: true;
  /** What is known to differ between the engines; each has its reason in docs/engines.md. */
  readonly except?: {
    /** Texts of refusals by the engine itself. */
    readonly texts?: true;
    /** Operations that only one of them reports. */
    readonly operations?: RegExp;
    /** Outputs in state after a failure. */
    readonly stackOutputs?: true;
  };
  /** How far several resources get after one of them failed depends on scheduling: only the end is compared. */
  readonly racing?: true;
}

/** What a user can tell of one update, in words that are the same for both engines. */
interface Seen {
  readonly chapter: string;
  readonly end: unknown;
  readonly announced: readonly string[];
  readonly operations: readonly string[];
  readonly misordered: readonly string[];
  readonly outputs: unknown;
  readonly state: unknown;
}

const endOf = (error: unknown, texts: boolean): unknown => {
  if (error instanceof UpdateFailed)
    return {
      failed: error.failed
        .map((f) => `${nameOf(f.urn)}: ${texts ? String(comparable(f.reason.split('\n')[0])) : ''}`)
        .sort(),
    };
  if (error instanceof ExpectedError)
    return { refused: comparable(error.message), exit: error.exit, hint: comparable(error.hint) };
  throw error;
};

/** Plays one chapter; `before` is the state that the last one left. */
const play = async (
  scene: Scene,
  chapter: Chapter,
  before: readonly StateResource[],
): Promise<{ seen: Seen; after: readonly StateResource[] }> => {
  const { updater } = scene.opened;
  const { except } = chapter;
  const release = await chapter.prepare?.(scene);
  const announced =
    chapter.previewed === undefined
      ? []
      : (await updater.preview(release)).map((c) =>
          [c.op, c.urn, c.protect ? 'protected' : '', ...c.diff].join(' '),
        );
  const events: UpdateEvent[] = [];
  const end = await updater.up(release, { onEvent: (e) => events.push(e) }).then(
    () => 'done',
    (error: unknown) => endOf(error, except?.texts === undefined),
  );
  const after = await scene.opened.state();
  const race = chapter.racing === true;
  const seen = {
    chapter: chapter.name,
    end,
    announced: announced.sort(),
    operations: race
      ? []
      : operations(events)
          .filter((o) => except?.operations?.test(o) !== true)
          .sort(),
    misordered: misordered(events, before, after),
    outputs: comparable(await updater.outputs()),
    state: race ? [] : comparableState(after, except?.stackOutputs === undefined),
  };
  return { seen, after };
};

const kindOf = (end: unknown): string =>
  end === 'done' ? 'done' : typeof end === 'object' && end !== null && 'failed' in end ? 'failed' : 'refused';

/**
 * Plays a story on both engines, each with a cloud of its own, and compares chapter by chapter what a user can tell:
 * end, announcements, operations by URN, order of dependents, outputs, state with its secrets.
 */
export const playOnBoth = async (
  [real, embedded]: readonly [Scene, Scene],
  chapters: readonly Chapter[],
): Promise<void> => {
  let states: readonly [readonly StateResource[], readonly StateResource[]] = [[], []];
  for (const chapter of chapters) {
    const left = await play(embedded, chapter, states[0]);
    const right = await play(real, chapter, states[1]);
    states = [left.after, right.after];
    expect(left.seen, chapter.name).toEqual(right.seen);
    expect([chapter.name, kindOf(right.seen.end)]).toEqual([chapter.name, chapter.ends ?? 'done']);
    expect(right.seen.misordered).toEqual([]);
  }
};

/** The same stack on both. */
export const openScenes = async (
  grounds: readonly [Ground, Ground],
  open: (ground: Ground, engine: 'real' | 'embedded') => Promise<Opened> | Opened,
): Promise<readonly [Scene, Scene]> => {
  const [a, b] = grounds;
  return [
    { ground: a, opened: await open(a, 'real') },
    { ground: b, opened: await open(b, 'embedded') },
  ];
};

/** Outputs that make any program one that a release could be driven by. */
export const drivable =
  (program: Program): Program =>
  async () => ({
    url: 'http://127.0.0.1:1',
    routing: { listenerArn: 'none', services: {}, previewHeader: 'x' },
    buckets: { backup: 'b', record: 'r', lease: 'l' },
    ...(await program()),
  });
