import type { Effect, EffectBody, EffectError } from './effects.ts';
import { enter, failureOf, issue, note, toRecord, type Turn } from './turn.ts';
import type { State } from './types.ts';

/** Whether this is a person's rollback that has not failed itself. */
export const towardsGoal = (s: State): boolean => s.goal !== undefined && s.failure === undefined;

/** How the data goes back with a person's rollback: the effect that does it; undefined where it stays as it is. */
const dataEffect = (s: State): Extract<EffectBody, { kind: 'restore' | 'undo' }> | undefined => {
  if (!towardsGoal(s)) return undefined;
  const { goal, request, settings } = s;
  if (request.rollback?.restoreDatabase === true)
    return goal?.backup === undefined
      ? undefined
      : { kind: 'restore', deployment: goal.backup, timeoutMs: settings.timeouts.backup };
  return goal?.undo === undefined
    ? undefined
    : { kind: 'undo', migrations: goal.undo, timeoutMs: settings.timeouts.migrate };
};

/** While the data goes back nobody may write into it, where the application closes for such things. */
export const closesForData = (s: State): boolean =>
  dataEffect(s) !== undefined && s.settings.database?.migrations.maintenance === true;

/** Data goes back after traffic: what serves is verified on the data that it will have. False: it stays as it is. */
export const issueData = (t: Turn): boolean => {
  const effect = dataEffect(t.s);
  if (effect === undefined) return false;
  const what =
    effect.kind === 'restore'
      ? `the database is restored from the backup of ${effect.deployment}`
      : `migrations are undone: ${effect.migrations.join(', ')}`;
  enter(t, { name: 'restore' }, what);
  issue(t, effect);
  return true;
};

/** Whether migrations are being undone, or have been: from then on the version that was left does not fit the data. */
export const isUndoing = (s: State): boolean =>
  s.undone !== undefined || (s.phase.name === 'restore' && dataEffect(s)?.kind === 'undo');

/** What was undone half-way may fit neither version: traffic stays where it went, and a person decides. */
export const onUndoFailed = (t: Turn, effect: Effect, error: EffectError): void => {
  const { environment, version } = t.s.request;
  const what = effect.kind === 'undo' ? '' : `${effect.kind}, after migrations were undone: `;
  const closed =
    t.s.current?.maintenance === undefined
      ? ''
      : `, then let users in again: sluice maintenance off --stack ${environment}`;
  const why = `${what}${error.message}\n  traffic stays on ${version}: mend the database${closed}`;
  t.s.failure = failureOf(t, 'migration', why, error.details);
  note(t, why);
  toRecord(t, 'failed');
};
