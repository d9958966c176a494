import { liveSlot } from '../release.ts';
import type { Message } from '../../ports/supply.ts';
import type { State } from '../engine/types.ts';

/** What people are told at the end; nothing is said about a deployment that was refused. */
export const messageFor = (s: State): Message | undefined => {
  if (s.phase.name !== 'record') return undefined;
  const { request, settings, failure } = s;
  const { status } = s.phase;
  const live = s.current === undefined ? undefined : liveSlot(s.current);
  const serving = live === undefined ? 'nothing' : (s.current?.slots[live]?.version ?? 'nothing');
  const about = [
    `Version: ${request.version}`,
    `Deployment ID: ${request.deployment}`,
    `Environment: ${request.environment} ${settings.url}`,
    `Commit: ${request.commit} (${request.ref}) by ${request.by}`,
    ...(request.link === undefined ? [] : [`Run: ${request.link}`]),
  ];
  const title = (what: string): string =>
    `${request.application} ${request.version} in ${request.environment}: ${what}`;
  if (s.kind === 'rollback' && status === 'success')
    return {
      event: 'rolled_back',
      title: title('rolled back to it'),
      text: [...about, `Reason: ${request.reason}`, ...times(s)].join('\n'),
      link: request.link,
    };
  switch (status) {
    case 'success':
      return {
        event: s.smoke?.passed === false ? 'failure' : 'success',
        title: title(
          s.smoke?.passed === false ? 'live, but smoke tests failed: a person is needed' : 'successful',
        ),
        text: [
          ...about,
          ...(s.smoke?.passed === false ? [] : ['All services healthy and operational']),
          `Rollback available for ${settings.rollback.window / 60_000} minutes`,
        ].join('\n'),
        link: request.link,
      };
    case 'rolled_back':
      return {
        event: 'rolled_back',
        title: title('rolled back'),
        text: [
          ...about,
          `Failed: ${failure?.stage ?? failure?.phase ?? 'unknown'}: ${failure?.why ?? ''}`,
          `Serving: ${serving}`,
          ...times(s),
        ].join('\n'),
        link: request.link,
      };
    case 'failed':
      return {
        event: 'failure',
        title: title('FAILED'),
        text: [
          ...about,
          `Failed: ${failure?.phase ?? 'unknown'}: ${failure?.why ?? ''}`,
          `Serving: ${serving}`,
          s.backup === undefined ? 'No backup was taken' : 'Database backup available',
          'ACTION REQUIRED: see the failure report',
        ].join('\n'),
        link: request.link,
      };
  }
};

const times = (s: State): string[] =>
  s.rollback === undefined
    ? []
    : [
        `Weights restored after ${s.rollback.weightsRestoredMs ?? '?'} ms, recorded after ${s.rollback.recordedMs ?? '?'} ms`,
        ...(s.rollback.problem === undefined ? [] : [`A person is needed: ${s.rollback.problem}`]),
      ];
