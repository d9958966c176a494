import { badInput, type Problem } from '../../../lib/errors.ts';
import { DEPLOYMENT_ID } from '../../../lib/ids.ts';
import type { Request, Settings, State } from './types.ts';

const SEMVER = /^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

/** A version is `1.2.3` or `v1.2.3`, with pre-release and build parts where wanted. */
export const isVersion = (version: string): boolean => SEMVER.test(version);

const problemsOf = (request: Request): Problem[] => {
  const problems: Problem[] = [];
  if (request.rollback === undefined && !isVersion(request.version))
    problems.push({
      path: 'version',
      reason: 'is not a semantic version',
      got: JSON.stringify(request.version),
      allowed: 'v1.2.3, v2.0.0-rc1',
    });
  if (!DEPLOYMENT_ID.test(request.deployment))
    problems.push({
      path: 'deployment',
      reason: 'is not a deployment id',
      got: JSON.stringify(request.deployment),
      allowed: '<unix seconds>-<6 to 40 hex digits of the commit>',
    });
  if (request.rollback !== undefined && request.reason.trim() === '')
    problems.push({ path: 'reason', reason: 'a rollback needs a reason', got: "''" });
  return problems;
};

/** The state before anything happened. Throws (exit 2) when the request itself is wrong. */
export const createState = (request: Request, settings: Settings, now: number): State => {
  const problems = problemsOf(request);
  if (problems.length > 0) throw badInput('the deployment cannot begin:', problems);
  return {
    format: 1,
    kind: request.rollback === undefined ? 'release' : 'rollback',
    request,
    settings,
    phase: { name: 'validate' },
    startedAt: now,
    steps: [],
    at: 0,
    probed: false,
    changed: false,
    stages: [],
    totals: {},
    lastProbes: [],
    messages: [],
    timeline: [],
    pending: [],
    counter: 0,
    control: 0,
    runner: '',
  };
};
