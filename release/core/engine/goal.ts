import type { Release, Slot } from '../../../config/release.types.ts';
import { beganAt, liveOf, liveSlot, slotNames } from '../release.ts';
import type { RecordSummary } from '../records/summary.ts';
import { crossedBy, dataFindings, refusal } from './crossed.ts';
import type { EffectResults } from './effects.ts';
import type { Finding, Request, RollbackGoal, Settings } from './types.ts';

type Survey = EffectResults['survey'];

export interface Chosen {
  readonly goal: RollbackGoal | undefined;
  readonly findings: readonly Finding[];
  readonly destructive: readonly string[];
}

const ended = (r: RecordSummary): boolean => r.status === 'success' && r.live !== undefined;

/** The record that a rollback goes back to: the one named, or the last that ended well before the live one. */
export const pickRecord = (
  records: readonly RecordSummary[],
  live: string | undefined,
  to: string | undefined,
): RecordSummary | undefined => {
  const well = records.filter(ended).toSorted((a, b) => b.finishedAt - a.finishedAt);
  if (to !== undefined) {
    const named = to.replace(/^v/, '');
    return well.find(
      (r) =>
        r.deployment === to ||
        r.live?.deployment === to ||
        r.version.replace(/^v/, '') === named ||
        String(r.serial) === to,
    );
  }
  const own = well.find((r) => r.deployment === live);
  return well.find(
    (r) => r.live?.deployment !== live && (own === undefined || r.finishedAt <= own.finishedAt),
  );
};

/** The record of the deployment that brought what is live. */
export const recordOfLive = (
  records: readonly RecordSummary[],
  release: Release,
): RecordSummary | undefined => {
  const deployment = liveOf(release)?.deployment;
  return records.find((r) => r.deployment === deployment);
};

/** An earlier release that served everybody. */
interface Found {
  readonly serial: number;
  readonly deployment: string;
  /** Undefined: it is not kept any more. */
  readonly slot: Slot | undefined;
  /** From when on migrations may have changed what it needs, ms. */
  readonly since: number;
}

const recorded = (facts: Survey, record: RecordSummary): Found => {
  return {
    serial: record.serial ?? -1,
    deployment: record.deployment,
    slot: liveOf(facts.releases[String(record.serial)]) ?? inCurrent(facts, record.live?.deployment ?? ''),
    since: record.finishedAt,
  };
};

/**
 * What the live release took over from, where no record tells of it: brought in by a plain update, as the first version
 * of a stack. It served everybody, and it is kept in the record bucket like every completed release.
 */
const takenOverFrom = (facts: Survey, release: Release, to: string | undefined): Found | undefined => {
  const serial = recordOfLive(facts.records, release)?.from;
  const kept = serial === undefined ? undefined : facts.releases[String(serial)];
  const name = kept === undefined ? undefined : liveSlot(kept);
  const slot = name === undefined ? undefined : kept?.slots[name];
  if (serial === undefined || name === undefined || slot === undefined || kept?.traffic[name] !== 100)
    return undefined;
  const named = [slot.deployment, slot.version, slot.version.replace(/^v/, ''), String(serial)];
  if (to !== undefined && !named.includes(to)) return undefined;
  return { serial, deployment: slot.deployment, slot, since: beganAt(slot.deployment) };
};

/** When the schema was what the version was released with; it may have served on a later one since. */
const releasedAt = ({ records }: Survey, slot: Slot, found: Found): number =>
  records.find((r) => r.kind === 'release' && r.deployment === slot.deployment)?.finishedAt ?? found.since;

/** Decides what a rollback goes back to and whether it may. */
export const chooseGoal = (request: Request, settings: Settings, facts: Survey, now: number): Chosen => {
  const wanted = request.rollback;
  const { release } = facts;
  if (wanted === undefined || release === undefined)
    return none(refusal('release', 'the stack has no completed release: there is nothing to go back from'));
  const interrupted = wanted.to === undefined ? interruptedGoal(facts) : undefined;
  if (interrupted !== undefined) return { goal: interrupted, findings: [], destructive: [] };
  const current = liveOf(release);
  const record = pickRecord(facts.records, current?.deployment, wanted.to);
  const found =
    record?.live === undefined ? takenOverFrom(facts, release, wanted.to) : recorded(facts, record);
  if (found === undefined) return none(noRecord(facts, request));
  const { slot, serial, deployment } = found;
  if (slot === undefined)
    return none(
      refusal('release', `release ${serial} of deployment ${deployment} is not in the record bucket`),
    );
  const reverts = wanted.revertMigrations === true;
  const crossed = crossedBy(facts.records, reverts ? releasedAt(facts, slot, found) : found.since, now);
  const undoes = reverts && crossed.migrations.length > 0;
  // After an emergency, or a try that failed, traffic is back already and the migrations are not.
  if (current?.deployment === slot.deployment && !undoes)
    return none(refusal('release', `${slot.version} (deployment ${slot.deployment}) is live already`));
  const goal: RollbackGoal = {
    serial,
    deployment,
    version: slot.version,
    slot,
    warm: slotNames(release).find((s) => release.slots[s]?.deployment === slot.deployment),
    backup: crossed.backup,
    ...(undoes ? { undo: crossed.migrations } : {}),
  };
  return {
    goal,
    findings: [
      ...windowFindings(request, settings, facts, current?.deployment, now),
      ...dataFindings(request, settings, crossed, slot.version),
    ],
    destructive: crossed.destructive,
  };
};

const none = (finding: Finding): Chosen => ({ goal: undefined, findings: [finding], destructive: [] });

const noRecord = (facts: Survey, { rollback, environment }: Request): Finding => {
  const to = rollback?.to;
  const well = facts.records.filter(ended).map((r) => `${r.version} (${r.deployment})`);
  if (to === undefined && well.length > 0)
    return refusal(
      'release',
      'there is no earlier release that ended well: what is live is the first one',
      `sluice deploy --stack ${environment} --version with an earlier version`,
    );
  return refusal(
    'release',
    to === undefined
      ? 'there is no earlier release that ended well'
      : `no deployment that ended well is named ${to}`,
    well.length === 0
      ? // Releases by hand and plain updates leave no record; what they completed is kept all the same.
        `sluice config at previous --stack ${environment} | pulumi config set sluice:release --stack ${environment} && pulumi up --stack ${environment}`
      : `ended well: ${well.slice(0, 10).join(', ')}`,
  );
};

const inCurrent = (facts: Survey, deployment: string) => {
  const release = facts.release;
  if (release === undefined) return undefined;
  const name = slotNames(release).find((s) => release.slots[s]?.deployment === deployment);
  return name === undefined ? undefined : release.slots[name];
};

/** While a release is open, going back means back to what it found. */
const interruptedGoal = (facts: Survey): RollbackGoal | undefined => {
  const { open, release } = facts;
  const slot = open?.stable === undefined ? undefined : open.before?.slots[open.stable];
  if (open?.before === undefined || slot === undefined || release === undefined) return undefined;
  return {
    serial: open.before.serial,
    deployment: slot.deployment,
    version: slot.version,
    slot,
    warm: slotNames(release).find((s) => release.slots[s]?.deployment === slot.deployment),
    backup: open.deployment,
  };
};

const windowFindings = (
  request: Request,
  settings: Settings,
  facts: Survey,
  live: string | undefined,
  now: number,
): Finding[] => {
  if (request.rollback?.override === true) return [];
  const last = facts.records.find((r) => r.deployment === live);
  if (last === undefined || now <= last.finishedAt + settings.rollback.window) return [];
  const deadline = new Date(last.finishedAt + settings.rollback.window).toISOString();
  return [
    refusal(
      'window',
      `the rollback window of ${last.version} ended at ${deadline}`,
      'check that the earlier version still fits the data, then add --override',
    ),
  ];
};
