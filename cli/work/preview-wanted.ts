import type { Release } from '../../config/release.types.ts';
import { formatDuration } from '../../config/units.ts';
import { isNewer } from '../../config/version.ts';
import { deploymentId } from '../../lib/ids.ts';
import type { State } from '../../release/core/engine/types.ts';
import { aheadOf, wholeRelease } from '../../release/core/preview/ahead.ts';
import type { OutlookInput } from '../../release/core/preview/types.ts';
import { changedServices, liveOf, liveSlot, liveVersion } from '../../release/core/release.ts';
import { resolveRelease } from '../../release/core/resolve.ts';
import type { RunOptions } from '../../release/runner/types.ts';
import type { Session } from '../session/open.ts';
import { frozenNow } from './preview-slots.ts';

/** The configurations that are worth a preview now, and what is said instead of one. */
export interface Wanted {
  readonly inputs: readonly Omit<OutlookInput, 'from' | 'changes'>[];
  readonly notes: readonly string[];
}

interface Asked {
  readonly session: Session;
  readonly run: RunOptions;
  readonly current: Release | undefined;
  /** `--version`. */
  readonly given: string | undefined;
  readonly version: string | undefined;
  readonly deployment: string;
}

const ask = async (
  session: Session,
  current: Release | undefined,
  given: string | undefined,
): Promise<Asked> => {
  const outputs = (await session.stack.outputs()) ?? NOTHING;
  const run = session.run(outputs, 'preview');
  const { commit } = await run.ports.source.head();
  const version = given ?? written(session, current) ?? liveVersion(current);
  return { session, run, current, given, version, deployment: deploymentId(session.clock.now(), commit) };
};

/** `sluice:version`, as far as it is a wish: a staged stack keeps the one that it began with in its file. */
const written = ({ config }: Session, current: Release | undefined): string | undefined => {
  const version = config.values['sluice:version'];
  const live = liveVersion(current);
  if (version === undefined || live === undefined || config.app.rollout === 'direct') return version;
  return isNewer(version, live) ? version : undefined;
};

/** A stack before its first update: nothing that a preview needs is in its outputs. */
const NOTHING = {
  release: undefined,
  url: '',
  routing: { listenerArn: '', services: {}, previewHeader: '' },
  buckets: { backup: '', record: '', lease: '' },
};

const carryOn = ({ session }: Asked): Wanted['inputs'][number] => ({
  title: 'A plain update',
  command: `pulumi up --stack ${session.config.stack}`,
  to: undefined,
});

const noVersion = ({ session }: Asked): string =>
  `no version is named yet: sluice preview --stack ${session.config.stack} --version v1.0.0`;

const stagesText = ({ session, current }: Asked): string => {
  if (current === undefined || liveSlot(current) === undefined)
    return 'the first release goes straight to 100 % after its probes';
  const stages = session.config.app.stages.map((s) => `${s.traffic} % for ${formatDuration(s.bake)}`);
  return `stage by stage: ${stages.join(', ')}`;
};

/** `staged`: what a bare update does, and the whole of the next release. */
const staged = async (asked: Asked): Promise<Wanted> => {
  const { session, run, current, given, version, deployment } = asked;
  const plain = carryOn(asked);
  if (version === undefined) return { inputs: [plain], notes: [noVersion(asked)] };
  const { slot, unbuilt } = await frozenNow(run, current, version, deployment);
  const before = liveOf(current);
  const same = before?.version === version && changedServices(before, slot).length === 0;
  if (same && given === undefined)
    return { inputs: [plain], notes: [`${version} is live as the stack file has it: nothing to release`] };
  const next = {
    title: `The next release: ${version}${before?.version === version ? ' with the edited settings' : ''}`,
    command: `sluice deploy --stack ${session.config.stack} --version ${version}`,
    to: wholeRelease(current, slot, session.config.app.database),
    unbuilt,
    notes: [stagesText(asked)],
  };
  // Before the first update there is nothing that could be carried on; whoever names a version asks for its release.
  const alone = current === undefined || given !== undefined;
  return { inputs: alone ? [next] : [plain, next], notes: [] };
};

/** The one update that deploys, made by the same rule as the program's. */
const direct = async (asked: Asked): Promise<Wanted> => {
  const { session, run, current, version, deployment } = asked;
  const { stack, app } = session.config;
  const plain = carryOn(asked);
  if (version === undefined) return { inputs: [plain], notes: [noVersion(asked)] };
  const { slot, unbuilt } = await frozenNow(run, current, version, deployment);
  const resolved = resolveRelease({
    stack,
    app,
    last: current === undefined ? { kind: 'none' } : { kind: 'release', release: current },
    configured: undefined,
    live: undefined,
    version,
    wanted: slot,
    deployment,
  });
  if (resolved.from === 'carried')
    return { inputs: [plain], notes: [`${version} is live as the stack file has it`] };
  const title = `The ${current === undefined ? 'first' : 'next'} deployment: ${version}, in one update`;
  const set = `pulumi config set sluice:version ${version} --stack ${stack} && `;
  const command = `${session.config.values['sluice:version'] === version ? '' : set}pulumi up --stack ${stack}`;
  return { inputs: [{ title, command, to: resolved.release, unbuilt }], notes: [] };
};

/** While no deployment holds the environment. */
export const nextUpdates = async (
  session: Session,
  current: Release | undefined,
  given: string | undefined,
): Promise<Wanted> => {
  const asked = await ask(session, current, given);
  // A staged stack that has nothing yet begins with what its file names.
  const begins = current === undefined && asked.version === session.config.values['sluice:version'];
  return session.config.app.rollout === 'direct' || begins ? direct(asked) : staged(asked);
};

/** While a deployment is open: its next stage, and the way back. */
export const duringRelease = async (
  session: Session,
  open: State,
  current: Release,
  given: string | undefined,
): Promise<Wanted> => {
  const { stack, app } = session.config;
  const { deployment, version } = open.request;
  const { next, back } = aheadOf(open, current);
  const inputs: Wanted['inputs'][number][] = [];
  const notes = [`deployment ${deployment} of ${version} is under way: ${open.phase.name}`];
  if (given !== undefined && given !== version)
    notes.push(`${given} is shown when deployment ${deployment} is over`);
  if (next !== undefined)
    inputs.push({
      title: `The next stage: ${next.stage.name}, ${next.stage.traffic} % for ${formatDuration(next.stage.bake)}`,
      command: `sluice promote --stack ${stack}`,
      to: next.release,
    });
  else if (open.kind === 'release' && !open.changed) {
    const asked = await ask(session, current, version);
    const { slot, unbuilt } = await frozenNow(asked.run, current, version, deployment);
    inputs.push({
      title: `What is left of the release of ${version}`,
      command: '',
      to: wholeRelease(current, slot, app.database),
      unbuilt,
    });
  } else notes.push('no further stage');
  if (back === undefined) notes.push('no service was touched yet: there is nothing to roll back');
  else
    inputs.push({
      title: `The rollback to ${liveVersion(back) ?? 'nothing'}`,
      command: `sluice abort --stack ${stack}`,
      to: back,
    });
  return { inputs, notes };
};
