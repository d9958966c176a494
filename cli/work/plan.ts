import { formatDuration } from '../../config/units.ts';
import { parseVersion } from '../../config/version.ts';
import { EXIT, type ExitCode } from '../../lib/errors.ts';
import { deploymentId } from '../../lib/ids.ts';
import { applyStep, planSteps, type Step } from '../../release/core/plan.ts';
import { liveVersion, slotFor } from '../../release/core/release.ts';
import { settingsOf } from '../../release/core/engine/settings.ts';
import type { Slot } from '../../config/release.types.ts';
import type { Values } from '../command.ts';
import type { Printer } from '../print.ts';
import { withStack } from '../session/find.ts';

const what = (step: Step, slot: string, version: string): string => {
  switch (step.kind) {
    case 'close':
      return 'users are sent to the maintenance page';
    case 'open':
      return 'users are let in again';
    case 'backup':
      return 'backup taken, restored into a scratch database, compared';
    case 'build':
      return `images of ${version} built and pushed (no stack update)`;
    case 'migrate':
      return `migrations of ${version}${step.besideBuild ? ', beside the build' : ''}`;
    case 'up':
      return `${version} up in ${slot} without traffic, probed through its preview rule`;
    case 'replace':
      return `${slot} becomes ${version} in place, step by step`;
    case 'shift':
      return `${step.stage.traffic} % on ${version} for ${formatDuration(step.stage.bake)}`;
    case 'back':
      return 'all traffic on the version before';
    case 'down':
      return 'the slot without traffic taken down';
  }
};

/** Prints the list of configurations; images need not exist yet. */
export const showPlan = (given: string, options: Values, print: Printer): Promise<ExitCode> => {
  const version = parseVersion(given, '--version').tag;
  return withStack(options, async ({ session }) => {
    const { app } = session.config;
    const current = (await session.stack.outputs())?.release;
    const settings = settingsOf(app);
    const deployment = deploymentId(session.clock.now(), '0'.repeat(12));
    const target: Slot = { version, deployment, services: {} };
    let release = current;
    print.event(
      'note',
      { version },
      `${app.environment}: ${liveVersion(current) ?? 'nothing'} → ${version}, from serial ${current?.serial ?? 'none'}`,
    );
    for (const step of planSteps({
      current,
      stages: settings.stages,
      database: app.database,
      build: settings.build,
      strategy: settings.strategy,
    })) {
      if (step.kind !== 'build') release = applyStep(step, release, { deployment, target, version });
      const { blue = 0, green = 0 } = release?.traffic ?? {};
      print.result(
        'step',
        { step, serial: step.kind === 'build' ? undefined : release?.serial, traffic: { blue, green } },
        `  ${String(step.kind === 'build' ? '' : (release?.serial ?? '')).padStart(4)}  ${step.name.padEnd(12)} blue ${String(blue).padStart(3)} %  green ${String(green).padStart(3)} %   ${what(step, slotFor(current, settings.strategy), version)}`,
      );
    }
    return EXIT.done;
  });
};
