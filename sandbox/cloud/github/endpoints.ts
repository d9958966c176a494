import { z } from 'zod';
import type { Access, Check, GithubState, Pull, Repository } from './state.ts';

export interface Asked {
  readonly repository: Repository;
  /** What stood for each `:name` of the path. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly state: GithubState;
  /** Who asks. */
  readonly login: string;
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  /** The rest of a list, for pages. */
  readonly list?: readonly unknown[];
}

export interface Endpoint {
  /** `GET /repos/:owner/:repo/…` */
  readonly at: string;
  /** Permission of GitHub's that it needs; any one of them. */
  readonly needs: readonly (readonly [permission: string, access: Access])[];
  handle(asked: Asked): Reply;
}

const ok = (body: unknown, status = 200): Reply => ({ status, body });
const notFound: Reply = { status: 404, body: { message: 'Not Found' } };
const list = (all: readonly unknown[]): Reply => ({ status: 200, body: undefined, list: all });

/** A body that GitHub would not take is 422 with what is wrong with it. */
const checked = <T extends z.ZodType>(
  schema: T,
  body: unknown,
  then: (read: z.output<T>) => Reply,
): Reply => {
  const read = schema.safeParse(body);
  if (read.success) return then(read.data);
  const errors = read.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`);
  return { status: 422, body: { message: `Validation Failed: ${errors.join('; ')}`, errors } };
};

/** A branch, a tag or a commit. */
const commitOf = (r: Repository, ref: string): string =>
  ref === r.defaultBranch ? (r.branch[0] ?? ref) : (r.tags.get(ref) ?? ref);

const runOf = (r: Repository, check: Check, id: number) => ({
  id,
  name: check.name,
  head_sha: check.commit,
  status: check.conclusion === undefined ? 'in_progress' : 'completed',
  conclusion: check.conclusion ?? null,
  html_url: `https://github.example/${r.name}/runs/${id}`,
});

const isWorkflow = (check: Check): boolean => /\.ya?ml$/.test(check.name);

const reading: readonly Endpoint[] = [
  {
    at: 'GET /repos/:owner/:repo',
    needs: [['metadata', 'read']],
    handle: ({ repository: r }) => ok({ full_name: r.name, default_branch: r.defaultBranch, private: true }),
  },
  {
    at: 'GET /repos/:owner/:repo/commits/:ref/check-runs',
    needs: [['checks', 'read']],
    handle: ({ repository: r, path, query }) => {
      const commit = commitOf(r, path['ref'] ?? '');
      const name = query.get('check_name');
      const found = r.checks
        .map((check, id) => runOf(r, check, id))
        .filter((c, id) => !isWorkflow(r.checks[id] ?? { name: '', commit: '' }) && c.head_sha === commit)
        .filter((c) => name === null || c.name === name);
      return ok({ total_count: found.length, check_runs: found });
    },
  },
  {
    at: 'GET /repos/:owner/:repo/commits/:ref/status',
    needs: [['statuses', 'read']],
    handle: ({ repository: r, path }) => ok({ sha: commitOf(r, path['ref'] ?? ''), statuses: [] }),
  },
  {
    at: 'GET /repos/:owner/:repo/actions/workflows/:file/runs',
    needs: [['actions', 'read']],
    handle: ({ repository: r, path, query }) => {
      const sha = query.get('head_sha');
      const status = query.get('status');
      const runs = r.checks
        .map((check, id) => runOf(r, check, id))
        .filter((c) => c.name === path['file'])
        .toReversed();
      if (runs.length === 0) return notFound;
      const found = runs
        .filter((c) => sha === null || c.head_sha === sha)
        .filter((c) => status === null || c.status === status || c.conclusion === status);
      return ok({
        total_count: found.length,
        workflow_runs: found.slice(0, Number(query.get('per_page') ?? 30)),
      });
    },
  },
  {
    at: 'GET /repos/:owner/:repo/actions/runs/:run/approvals',
    needs: [['actions', 'read']],
    handle: ({ repository: r, path }) =>
      ok(
        r.reviews
          .filter((v) => v.run === path['run'])
          .map((v) => ({
            state: v.state,
            comment: '',
            user: { login: v.by },
            environments: v.environments.map((name) => ({ name })),
          })),
      ),
  },
  {
    at: 'GET /repos/:owner/:repo/git/ref/tags/:tag',
    needs: [['contents', 'read']],
    handle: ({ repository: r, path }) => {
      const tag = path['tag'] ?? '';
      const sha = r.tags.get(tag);
      return sha === undefined ? notFound : ok({ ref: `refs/tags/${tag}`, object: { type: 'commit', sha } });
    },
  },
  {
    at: 'GET /repos/:owner/:repo/compare/:span',
    needs: [['contents', 'read']],
    handle: ({ repository: r, path }) => {
      const [base = '', head = ''] = (path['span'] ?? '').split('...');
      if (base !== r.defaultBranch) return notFound;
      const at = r.branch.indexOf(head);
      return ok({ status: at === 0 ? 'identical' : at > 0 ? 'behind' : 'diverged' });
    },
  },
];

const sha = z.string().regex(/^[0-9a-f]{40}$/, 'is no commit');
const url = z.url();

const newDeployment = z.strictObject({
  ref: z.string(),
  task: z.string().default('deploy'),
  environment: z.string().default('production'),
  description: z.string().max(140).default(''),
  payload: z.unknown().default({}),
  production_environment: z.boolean().default(false),
  auto_merge: z.boolean().default(true),
  required_contexts: z.array(z.string()).optional(),
});
const newStatus = z.strictObject({
  state: z.enum(['error', 'failure', 'inactive', 'in_progress', 'queued', 'pending', 'success']),
  description: z.string().max(140).default(''),
  environment_url: url.default(''),
  log_url: url.default(''),
  auto_inactive: z.boolean().default(true),
});

const deploying: readonly Endpoint[] = [
  {
    at: 'GET /repos/:owner/:repo/deployments',
    needs: [['deployments', 'read']],
    handle: ({ repository: r, query }) => {
      const fits = (key: string, value: string): boolean => [null, value].includes(query.get(key));
      const found = r.deployments.filter(
        (d) => fits('environment', d.environment) && fits('sha', d.ref) && fits('task', d.task),
      );
      return list(found.toReversed());
    },
  },
  {
    at: 'POST /repos/:owner/:repo/deployments',
    needs: [['deployments', 'write']],
    handle: ({ repository: r, body, state }) =>
      checked(newDeployment, body, (d) => {
        if (!sha.safeParse(d.ref).success && !r.tags.has(d.ref))
          return { status: 422, body: { message: `No ref found for: ${d.ref}` } };
        const made = {
          id: state.nextId(),
          ref: d.ref,
          task: d.task,
          environment: d.environment,
          description: d.description,
          payload: d.payload,
          production: d.production_environment,
          statuses: [],
        };
        r.deployments.push(made);
        return ok(made, 201);
      }),
  },
  {
    at: 'POST /repos/:owner/:repo/deployments/:id/statuses',
    needs: [['deployments', 'write']],
    handle: ({ repository: r, path, body }) => {
      const found = r.deployments.find((d) => String(d.id) === path['id']);
      if (found === undefined) return notFound;
      return checked(newStatus, body, (s) => {
        found.statuses.push(s);
        return ok({ ...s, id: found.statuses.length }, 201);
      });
    },
  },
];

const pullOf = (r: Repository, p: Pull) => ({
  number: p.number,
  state: p.state ?? 'open',
  head: { sha: p.head, repo: { full_name: p.from ?? r.name } },
  base: { ref: r.defaultBranch, repo: { full_name: r.name } },
});

const newComment = z.strictObject({
  body: z.string().min(1).max(65_536, 'is too long (maximum is 65536 characters)'),
});

const commentOf = (c: Repository['comments'][number]) => ({ id: c.id, body: c.body, user: { login: c.by } });

const talking: readonly Endpoint[] = [
  {
    at: 'GET /repos/:owner/:repo/commits/:ref/pulls',
    needs: [['pull_requests', 'read']],
    handle: ({ repository: r, path }) => {
      const commit = path['ref'] ?? '';
      return list(
        r.pulls.filter((p) => p.head === commit || p.commits?.includes(commit)).map((p) => pullOf(r, p)),
      );
    },
  },
  {
    at: 'GET /repos/:owner/:repo/issues/:number/comments',
    needs: [
      ['pull_requests', 'read'],
      ['issues', 'read'],
    ],
    handle: ({ repository: r, path }) =>
      list(r.comments.filter((c) => String(c.pull) === path['number']).map(commentOf)),
  },
  {
    at: 'POST /repos/:owner/:repo/issues/:number/comments',
    needs: [
      ['pull_requests', 'write'],
      ['issues', 'write'],
    ],
    handle: ({ repository: r, path, body, state, login }) => {
      const pull = r.pulls.find((p) => String(p.number) === path['number']);
      if (pull === undefined) return notFound;
      return checked(newComment, body, (c) => {
        const made = { id: state.nextId(), pull: pull.number, by: login, body: c.body, updates: 0 };
        r.comments.push(made);
        return ok(commentOf(made), 201);
      });
    },
  },
  {
    at: 'PATCH /repos/:owner/:repo/issues/comments/:id',
    needs: [
      ['pull_requests', 'write'],
      ['issues', 'write'],
    ],
    handle: ({ repository: r, path, body }) => {
      const found = r.comments.find((c) => String(c.id) === path['id']);
      if (found === undefined) return notFound;
      return checked(newComment, body, (c) => {
        found.body = c.body;
        found.updates += 1;
        return ok(commentOf(found));
      });
    },
  },
];

/** Everything of a repository that can be asked of the local GitHub. */
export const ENDPOINTS: readonly Endpoint[] = [...reading, ...deploying, ...talking];
