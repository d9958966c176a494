import type { Step } from '../plan.ts';
import type { DoneEvent, UpdateObservation } from './effects.ts';
import {
  endStep,
  enter,
  fail,
  failureOf,
  halt,
  issue,
  note,
  QUICK,
  resultOf,
  stepOf,
  type Turn,
} from './turn.ts';
import { noteClosed } from './closed.ts';
import type { Metadata } from './types.ts';
import { releaseOf } from './configuration.ts';
import { drift } from './weights.ts';

/** Backup, migration and build: everything before services are touched. */

export const enterBackup = (t: Turn, step: Step): void => {
  enter(t, { name: 'backup' }, 'backup begins');
  issueUpdate(t, step, t.s.settings.timeouts.backup);
};

export const issueUpdate = (t: Turn, step: Step, timeoutMs: number): void => {
  issue(t, {
    kind: 'update',
    step: step.kind,
    name: step.name,
    release: releaseOf(t.s, step),
    base: t.s.current,
    weights: 'strict',
    timeoutMs,
  });
};

/** Takes over what an update left, unless live weights say that somebody else moved traffic. */
export const takeUpdate = (t: Turn, result: UpdateObservation): boolean => {
  if (!result.applied) {
    halt(t, `traffic was moved behind the stack's back: ${result.drift}`);
    return false;
  }
  t.s.current = result.release;
  noteClosed(t);
  t.s.routing = result.routing;
  t.s.url = result.url;
  const wrong = drift(result.live, result.release);
  if (wrong.length === 0) return true;
  halt(
    t,
    `weights read back after the update are not those of release ${result.release.serial}: ${wrong.join('; ')}`,
  );
  return false;
};

export const onBackup = (t: Turn, event: DoneEvent): void => {
  if (event.of === 'update') {
    if (!takeUpdate(t, event.result)) return;
    note(t, 'the backup command ended', { tookMs: event.tookMs });
    issue(t, { kind: 'metadata', of: 'backup', timeoutMs: QUICK });
    return;
  }
  const { metadata } = resultOf(event, 'metadata');
  if (metadata === undefined)
    return fail(t, failureOf(t, 'backup', 'the backup left no metadata: it cannot be relied on'));
  t.s.backup = metadata;
  if (metadata['verified'] === false)
    return fail(t, failureOf(t, 'backup', 'the backup is there, but it was not found to be restorable'));
  note(t, `backup verified: ${shown(metadata)}`);
  endStep(t);
};

/** What the metadata of a backup says of its verification, in a few words. */
const shown = (metadata: Metadata): string => {
  const { tables, verification } = metadata as { tables?: unknown; verification?: { how?: unknown } };
  const how =
    verification?.how === 'checksum' ? 'read back' : 'restored into a scratch database and compared';
  return Array.isArray(tables) ? `${how}, ${tables.length} tables equal` : how;
};

export const enterBuild = (t: Turn): void => {
  enter(t, { name: 'build' }, 'images are built');
  issueBuild(t);
};

const issueBuild = (t: Turn): void => {
  issue(t, { kind: 'build', version: t.s.request.version, timeoutMs: t.s.settings.timeouts.deploy });
};

export const onBuild = (t: Turn, event: DoneEvent): void => {
  const { images } = resultOf(event, 'build');
  note(t, `${images} images built`, { tookMs: event.tookMs });
  endStep(t);
};

export const enterMigrate = (t: Turn, step: Extract<Step, { kind: 'migrate' }>): void => {
  const beside = step.besideBuild;
  enter(
    t,
    { name: 'migrate', building: beside, updated: false },
    beside ? 'migrations run beside the build' : 'migrations run',
  );
  if (beside) issueBuild(t);
  issueUpdate(t, step, t.s.settings.timeouts.migrate);
};

export const onMigrate = (t: Turn, event: DoneEvent): void => {
  const { phase } = t.s;
  if (phase.name !== 'migrate') throw new Error(`phase ${phase.name} is not migrate`);
  switch (event.of) {
    case 'build':
      phase.building = false;
      note(t, `${event.result.images} images built`, { tookMs: event.tookMs });
      break;
    case 'update':
      if (!takeUpdate(t, event.result)) return;
      phase.updated = true;
      note(t, 'migrations ran', { tookMs: event.tookMs });
      issue(t, { kind: 'metadata', of: 'migrate', timeoutMs: QUICK });
      return;
    default:
      t.s.migration = resultOf(event, 'metadata').metadata ?? {};
  }
  if (phase.building || t.s.pending.length > 0) return;
  // A slot that came up before its migration is judged afterwards.
  if (stepOf(t.s)?.kind === 'migrate' && t.s.changed) t.s.probed = false;
  endStep(t);
};
