import { serializeRelease } from '../../config/release.ts';
import type { Release } from '../../config/release.types.ts';
import type { Stage } from '../../config/types.ts';
import { parseVersion } from '../../config/version.ts';
import { badInput, EXIT, refused, type ExitCode } from '../../lib/errors.ts';
import { DEPLOYMENT_ID, deploymentId } from '../../lib/ids.ts';
import { applyStep, type Step } from '../../release/core/plan.ts';
import { liveSlot, slotNames } from '../../release/core/release.ts';
import type { Values } from '../command.ts';
import type { Printer } from '../print.ts';
import { withStack } from '../session/find.ts';
import type { Session } from '../session/open.ts';
import { frozenNow } from './preview-slots.ts';

interface Given {
  readonly version: string | undefined;
  readonly deployment: string | undefined;
}

const stepOf = (name: string, stages: readonly Stage[]): Step => {
  const stage = stages.find((s) => s.name === name);
  if (stage !== undefined) return { kind: 'shift', name, stage };
  switch (name) {
    case 'close':
    case 'open':
    case 'backup':
    case 'up':
    case 'replace':
    case 'back':
    case 'down':
      return { kind: name, name };
    case 'migrate':
      return { kind: 'migrate', name, besideBuild: false };
    default:
      throw badInput('there is no such step', [
        {
          path: '<step>',
          reason: 'unknown',
          got: name,
          allowed: [
            'close',
            'backup',
            'migrate',
            'up',
            'replace',
            ...stages.map((s) => s.name),
            'open',
            'back',
            'down',
          ].join(', '),
        },
      ]);
  }
};

/** The deployment that has begun and does not have all traffic yet; undefined: there is none. */
const begun = (release: Release | undefined): string | undefined => {
  if (release === undefined) return undefined;
  const { deployment } = release;
  const live = liveSlot(release);
  if (live !== undefined && release.slots[live]?.deployment === deployment) return undefined;
  const used =
    release.backup === deployment ||
    release.schema?.deployment === deployment ||
    slotNames(release).some((s) => release.slots[s]?.deployment === deployment);
  return used ? deployment : undefined;
};

const deploymentOf = async (given: Given, session: Session, current: Release): Promise<string> => {
  if (given.deployment === undefined) {
    const open = begun(current);
    if (open !== undefined) return open;
    const outputs = await session.outputs();
    const { commit } = await session.run(outputs, 'by-hand').ports.source.head();
    return deploymentId(session.clock.now(), commit);
  }
  if (DEPLOYMENT_ID.test(given.deployment)) return given.deployment;
  throw badInput('this cannot be a deployment', [
    {
      path: '--deployment',
      reason: 'has another form',
      got: given.deployment,
      allowed: '<unix seconds>-<12 hex digits of the commit>',
    },
  ]);
};

const versionOf = (given: Given, current: Release, deployment: string): string => {
  if (given.version !== undefined) return parseVersion(given.version, '--version').tag;
  const slot = slotNames(current).find((s) => current.slots[s]?.deployment === deployment);
  const known = slot === undefined ? current.schema?.version : current.slots[slot]?.version;
  if (known !== undefined) return known;
  throw badInput('a version is needed', [{ path: '--version', reason: 'is missing', allowed: 'v1.2.3' }]);
};

/** What a step needs that the stack does not have yet. */
const targetOf = async (
  step: Step,
  session: Session,
  current: Release,
  version: string,
  deployment: string,
) => {
  const up = slotNames(current).find((s) => current.slots[s]?.deployment === deployment);
  if (step.kind !== 'up') {
    if (step.kind === 'shift' && up === undefined)
      throw refused(
        `no slot of deployment ${deployment} is up: a stage gives it traffic`,
        `sluice config step up --stack ${session.config.stack} --version ${version}`,
      );
    return up === undefined ? undefined : current.slots[up];
  }
  const run = session.run(await session.outputs(), 'by-hand');
  const { slot, unbuilt } = await frozenNow(run, current, version, deployment);
  if (unbuilt.length === 0) return slot;
  throw refused(
    `images of ${unbuilt.join(', ')} ${version} are not in the registry`,
    'build and push them first',
  );
};

/**
 * Prints one step's configuration on top of the release that the stack completed last, for `pulumi config set`.
 * Nobody watches a release by hand: no gate, no lease.
 */
export const showStep = (name: string, given: Given, options: Values, print: Printer): Promise<ExitCode> =>
  withStack(options, async ({ session }) => {
    const step = stepOf(name, session.config.app.stages);
    const { release: current } = await session.outputs();
    if (current === undefined)
      throw refused(
        `stack ${session.config.stack} has no completed release yet`,
        `pulumi up --stack ${session.config.stack}`,
      );
    const deployment = await deploymentOf(given, session, current);
    const version = versionOf(given, current, deployment);
    const target = await targetOf(step, session, current, version, deployment);
    const release = applyStep(step, current, { deployment, target, version });
    print.result('release', { release }, serializeRelease(release));
    return EXIT.done;
  });
