import type { View } from '../../release/core/engine/view.ts';
import { createOperator } from '../../release/runner.ts';
import type { Operator, OperatorSays } from '../../release/runner/types.ts';
import type { Session } from '../session/open.ts';
import { readStackConfig } from '../session/stack-config.ts';
import { buildsOf, repositoriesOf, seedImages, seedStack } from './seed.ts';
import type { DemoWorld } from './world.ts';

/** The environment that must have run a version first, in the same cloud. */
export interface Staging {
  /** One direct update with the version, as its pipeline does. `fault`: of the version's build. */
  bring(version: string, note: (text: string) => void, fault?: string): Promise<void>;
}

/** Undefined where the stack needs no other environment before it. */
export const stagingOf = async (world: DemoWorld, stack: string): Promise<Staging | undefined> => {
  const { folder, application } = world.example;
  const { checks } = readStackConfig(stack, {}, { folder }).app;
  const { after } = checks;
  if (after === undefined) return undefined;
  const { app } = readStackConfig(after, {}, { folder });
  await seedStack(world.sandbox, app);
  await seedImages(world.sandbox, app, application);
  return {
    bring: async (version, note, fault) => {
      const at = performance.now();
      const options = { stack: after, bakes: [], values: { 'sluice:version': version } };
      const session = await world.session(version, options);
      if (fault !== undefined && world.example.versions.faults[fault]?.migrations === undefined)
        await publish(session, version, fault, world);
      const { changes } = await session.stack.up(undefined, { onEvent: () => undefined });
      const count = Object.values(changes).reduce((a, b) => a + b, 0);
      note(
        `${after}: ${version} by one update of ${count} resources (${((performance.now() - at) / 1000).toFixed(1)} s)`,
      );
      await session.close();
    },
  };
};

/** The faulty build under the version's tag: staging lets it through, production must notice. */
const publish = async (session: Session, version: string, fault: string, world: DemoWorld): Promise<void> => {
  const { app } = session.config;
  const { application } = world.example;
  const images = buildsOf(world.sandbox, app, { application, faults: { [version]: fault } });
  await images.build(version, repositoriesOf(app), () => undefined);
};

const ANSWER_MS = 1_500;

/** Approves, as the first of the reviewers, what waits for approval; a person would read the request first. */
export const approving = (
  session: Session,
  note: (text: string) => void,
): {
  readonly operator: Operator & { say(said: OperatorSays): void };
  readonly onView: (view: View) => void;
} => {
  const operator = createOperator();
  const { approval } = session.config.app;
  let asked = false;
  return {
    operator,
    onView: (view) => {
      if (asked || view.phase !== 'approval') return;
      asked = true;
      const by = approval.reviewers[0] ?? 'grace';
      // As a person would: a moment after the request has come.
      setTimeout(() => {
        note(
          `${by} approves ${view.to} (the demo answers; a person would: sluice approve ${view.deployment})`,
        );
        operator.say({ command: 'approve', by, why: 'the demo', at: session.clock.now() });
      }, ANSWER_MS).unref();
    },
  };
};
