import { liveSlot } from '../release.ts';
import type { Message } from '../../ports/supply.ts';
import type { State, Status } from '../engine/types.ts';

/** What people are told, in the documents' words: what happened first, then what it was and what is left to do. */

/** At the end; nothing is said about a deployment that was refused. */
export const messageFor = (s: State): Message | undefined => {
  if (s.phase.name !== 'record') return undefined;
  const { status } = s.phase;
  if (s.kind === 'rollback' && status === 'success') return wentBack(s);
  return TELL[status](s);
};

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const what = ({ request }: State): string => `${request.application} ${request.version}`;

/** `production` and its deployment, as a head line has it: `Production deployment`. */
const kindOf = ({ request, kind }: State): string =>
  `${capital(request.environment)} ${kind === 'rollback' ? 'rollback' : 'deployment'}`;

/** Version, environment, commit, branch, actor, failed phase: what every message carries. */
export const messageFacts = (s: State): Readonly<Record<string, string>> => {
  const { request, settings, failure } = s;
  return {
    Version: request.version,
    'Deployment ID': request.deployment,
    Environment: settings.url,
    Commit: request.commit,
    Branch: request.ref.replace(/^refs\/(heads|tags)\//, ''),
    Actor: request.by,
    ...(failure === undefined ? {} : { 'Failed phase': failure.stage ?? failure.phase }),
  };
};

const message = (
  s: State,
  event: Message['event'],
  head: string,
  lines: readonly string[],
  urgent = false,
): Message => {
  const facts = messageFacts(s);
  const { application, environment, link } = s.request;
  return {
    event,
    title: `${head}: ${what(s)}`,
    text: [...Object.entries(facts).map(([name, value]) => `${name}: ${value}`), ...lines].join('\n'),
    link,
    facts,
    about: `${application} ${environment}`,
    urgent,
  };
};

const serving = (s: State): string => {
  const live = s.current === undefined ? undefined : liveSlot(s.current);
  return `Serving: ${live === undefined ? 'nothing' : (s.current?.slots[live]?.version ?? 'nothing')}`;
};

const why = ({ failure }: State): string => `Why: ${failure?.why ?? 'unknown'}`;

const wentBack = (s: State): Message =>
  message(s, 'rolled_back', `⚠️ ${capital(s.request.environment)} ROLLED BACK`, [
    `Reason: ${s.request.reason}`,
    ...times(s),
  ]);

const succeeded = (s: State): Message => {
  const left = `Rollback available for ${s.settings.rollback.window / 60_000} minutes`;
  return s.smoke?.passed === false
    ? message(
        s,
        'failure',
        `⚠️ ${kindOf(s)} is live, but smoke tests failed`,
        ['ACTION REQUIRED: Manual investigation needed', left],
        true,
      )
    : message(s, 'success', `✅ ${kindOf(s)} successful`, ['All services healthy and operational', left]);
};

const TELL: Readonly<Record<Status, (s: State) => Message>> = {
  success: succeeded,
  rolled_back: (s) =>
    message(
      s,
      'rolled_back',
      `⚠️ ${kindOf(s)} ROLLED BACK`,
      [why(s), serving(s), ...times(s)],
      s.rollback?.problem !== undefined,
    ),
  failed: (s) =>
    message(
      s,
      'failure',
      `🚨 ${kindOf(s)} FAILED`,
      [
        why(s),
        serving(s),
        'ACTION REQUIRED: Manual investigation needed',
        s.backup === undefined ? 'No backup was taken' : 'Database backup available for rollback',
        'Check the failure report and the logs for details',
      ],
      true,
    ),
};

const times = (s: State): string[] =>
  s.rollback === undefined
    ? []
    : [
        `Weights restored after ${s.rollback.weightsRestoredMs ?? '?'} ms, recorded after ${s.rollback.recordedMs ?? '?'} ms`,
        ...(s.rollback.problem === undefined ? [] : [`A person is needed: ${s.rollback.problem}`]),
      ];

/** Approval is wanted (B8): what would change, and how to answer. `live`: the version that serves now. */
export const approvalRequest = (
  s: State,
  live: string,
  deadline: number,
  risk: readonly string[],
): Message => {
  const { request, settings, preflight } = s;
  const migrations = preflight?.pendingMigrations ?? [];
  return message(s, 'approval', `${kindOf(s)} approval required`, [
    `Reason: ${request.reason}`,
    `Live now: ${live}`,
    `Stages: ${settings.stages.map((x) => `${x.traffic} %`).join(' → ')}`,
    `Migrations: ${migrations.length === 0 ? 'none' : migrations.join(', ')}`,
    ...(preflight?.destructive.length ? [`Destructive: ${preflight.destructive.join(', ')}`] : []),
    ...risk,
    `Answer before ${new Date(deadline).toISOString()}: sluice approve ${request.deployment} --stack ${request.environment}`,
    'No answer means no',
  ]);
};

/** An emergency rollback begins (D11): people hear of it before it has ended. */
export const emergencyNotice = (s: State, from: string, to: string): Message =>
  message(
    s,
    'rolled_back',
    `🚨 Emergency rollback of ${s.request.environment} begins`,
    [
      `Reason: ${s.request.reason}`,
      `From ${from} back to ${to}`,
      'Critical checks only; closer watching follows',
      `On call: ${s.settings.team.onCall}`,
    ],
    true,
  );
