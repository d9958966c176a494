import { parse } from 'yaml';
import { PINS, type Pin } from '../../workflows/pins.ts';
import { RUNNER } from '../../workflows/model.ts';

/** What the public checkers do not know: rules of these files, read from the text as it stands. */

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly needs?: string | readonly string[];
  readonly if?: string;
  readonly 'runs-on'?: unknown;
  readonly 'timeout-minutes'?: unknown;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: { readonly name?: string } | string;
  readonly concurrency?: Concurrency;
  readonly steps?: readonly Step[];
}
interface Concurrency {
  readonly group?: string;
  readonly queue?: string;
  readonly 'cancel-in-progress'?: boolean;
}
interface File {
  readonly permissions?: unknown;
  readonly concurrency?: Concurrency;
  readonly jobs?: Readonly<Record<string, Job>>;
}

const USES = /uses: ([^@\s]+)@(\S+)(?: # (\S+))?$/;

/** Each action is one of ours, at our commit, with its release beside it. */
const pins = (text: string): string[] =>
  text.split('\n').flatMap((line) => {
    const found = USES.exec(line);
    if (found === null) return [];
    const [, action = '', commit, version] = found;
    const pin = (PINS as Readonly<Record<string, Pin>>)[action];
    return pin !== undefined && pin.commit === commit && pin.version === version
      ? []
      : [`${line.trim()} is not as it is pinned`];
  });

const list = (needs: Job['needs']): readonly string[] =>
  needs === undefined ? [] : typeof needs === 'string' ? [needs] : needs;

const stepRules = (id: string, step: Step): string[] => {
  const action = step.uses?.split('@')[0];
  const given = step.with ?? {};
  return [
    ...(step.run?.includes('${{') === true ? [`${id}: an expression stands inside a script`] : []),
    ...(action === 'actions/checkout' && given['persist-credentials'] !== false
      ? [`${id}: checkout leaves its token behind`]
      : []),
    ...(action === 'actions/setup-node' && given['package-manager-cache'] !== false
      ? [`${id}: a cache is used`]
      : []),
  ];
};

const jobRules = (id: string, job: Job): string[] => {
  const takesRole = job.steps?.some((s) => s.uses?.startsWith('aws-actions/') === true) === true;
  const minutes = job['timeout-minutes'];
  const fine = typeof minutes === 'number' && minutes >= 1 && minutes <= 360;
  return [
    ...(job.permissions === undefined ? [`${id}: no permissions of its own`] : []),
    ...(job['runs-on'] === RUNNER ? [] : [`${id}: another runner`]),
    ...(fine ? [] : [`${id}: no time limit`]),
    ...(takesRole === (job.permissions?.['id-token'] === 'write')
      ? []
      : [`${id}: identity and role do not fit`]),
    ...(job.environment === undefined && JSON.stringify(job).includes('secrets.')
      ? [`${id}: a secret without an environment`]
      : []),
    ...(job.steps ?? []).flatMap((s) => stepRules(id, s)),
  ];
};

const environmentOf = (job: Job): string | undefined =>
  typeof job.environment === 'string' ? job.environment : job.environment?.name;

/** Of a file that releases: nobody is asked twice, nothing is dropped, whatever fails is looked after. */
const releaseRules = ({ concurrency, jobs = {} }: File): string[] => {
  const queues = [concurrency, ...Object.values(jobs).map((j) => j.concurrency)].filter(
    (q) => q !== undefined,
  );
  const asked = Object.values(jobs).filter((j) => environmentOf(j) === 'production-approval').length;
  const handlers = Object.entries(jobs).filter(([id]) => id.endsWith('failure'));
  const mine = (handler: string, id: string): boolean =>
    handler === 'failure'
      ? !id.startsWith('production-')
      : id.startsWith(handler.slice(0, -'failure'.length));
  return [
    ...(queues.some((q) => q.queue === 'max') ? [] : ['a waiting release would be dropped']),
    ...(queues.some((q) => q['cancel-in-progress'] === true) ? ['a release would be cut off'] : []),
    ...(asked > 1 ? ['people are asked more than once'] : []),
    ...(handlers.length === 0 ? ['nothing looks after a failure'] : []),
    ...handlers.flatMap(([handler, job]) => [
      ...(job.if?.includes('failure()') === true ? [] : [`${handler} would be skipped with what failed`]),
      ...Object.entries(jobs)
        .filter(
          ([id, other]) =>
            id !== handler && mine(handler, id) && list(other.needs).some((n) => n.endsWith('preflight')),
        )
        .filter(([id]) => !list(job.needs).includes(id))
        .map(([id]) => `${handler} does not watch ${id}`),
    ]),
  ];
};

/** Everything that is against our rules in one file. */
export const ownFindings = (path: string, text: string): readonly string[] => {
  let file: File | null;
  try {
    file = parse(text) as File | null;
  } catch (error) {
    return [`no YAML: ${String(error)}`];
  }
  if (file === null || typeof file !== 'object') return ['no workflow'];
  const nothing =
    typeof file.permissions === 'object' && Object.keys(file.permissions ?? { x: 1 }).length === 0;
  return [
    ...pins(text),
    ...(nothing ? [] : ['rights for every job at once']),
    ...(/^ {2}pull_request_target:/m.test(text) ? ['code of a fork would run with secrets'] : []),
    ...Object.entries(file.jobs ?? {}).flatMap(([id, job]) => jobRules(id, job)),
    ...(path.includes('deploy-') ? releaseRules(file) : []),
  ];
};
