import { liveSlot } from '../release.ts';
import type { Message } from '../../ports/supply.ts';
import type { State, Status } from '../engine/types.ts';

/** What people are told at the end; nothing is said about a deployment that was refused. */
export const messageFor = (s: State): Message | undefined => {
  if (s.phase.name !== 'record') return undefined;
  const { status } = s.phase;
  if (s.kind === 'rollback' && status === 'success') return wentBack(s);
  return TELL[status](s);
};

const title = ({ request }: State, what: string): string =>
  `${request.application} ${request.version} in ${request.environment}: ${what}`;

const about = ({ request, settings }: State): string[] => [
  `Version: ${request.version}`,
  `Deployment ID: ${request.deployment}`,
  `Environment: ${request.environment} ${settings.url}`,
  `Commit: ${request.commit} (${request.ref}) by ${request.by}`,
  ...(request.link === undefined ? [] : [`Run: ${request.link}`]),
];

const serving = (s: State): string => {
  const live = s.current === undefined ? undefined : liveSlot(s.current);
  return `Serving: ${live === undefined ? 'nothing' : (s.current?.slots[live]?.version ?? 'nothing')}`;
};

const failed = ({ failure }: State): string =>
  `Failed: ${failure?.stage ?? failure?.phase ?? 'unknown'}: ${failure?.why ?? ''}`;

const message = (s: State, event: Message['event'], what: string, lines: readonly string[]): Message => ({
  event,
  title: title(s, what),
  text: [...about(s), ...lines].join('\n'),
  link: s.request.link,
});

const wentBack = (s: State): Message =>
  message(s, 'rolled_back', 'rolled back to it', [`Reason: ${s.request.reason}`, ...times(s)]);

const succeeded = (s: State): Message => {
  const left = `Rollback available for ${s.settings.rollback.window / 60_000} minutes`;
  return s.smoke?.passed === false
    ? message(s, 'failure', 'live, but smoke tests failed: a person is needed', [left])
    : message(s, 'success', 'successful', ['All services healthy and operational', left]);
};

const TELL: Readonly<Record<Status, (s: State) => Message>> = {
  success: succeeded,
  rolled_back: (s) => message(s, 'rolled_back', 'rolled back', [failed(s), serving(s), ...times(s)]),
  failed: (s) =>
    message(s, 'failure', 'FAILED', [
      failed(s),
      serving(s),
      s.backup === undefined ? 'No backup was taken' : 'Database backup available',
      'ACTION REQUIRED: see the failure report',
    ]),
};

const times = (s: State): string[] =>
  s.rollback === undefined
    ? []
    : [
        `Weights restored after ${s.rollback.weightsRestoredMs ?? '?'} ms, recorded after ${s.rollback.recordedMs ?? '?'} ms`,
        ...(s.rollback.problem === undefined ? [] : [`A person is needed: ${s.rollback.problem}`]),
      ];
