import { z } from 'zod';
import type { CheckResult, CommitChecks } from '../../ports/github.ts';
import { understood, type GithubClient } from './client.ts';

const run = z.object({
  status: z.string().nullable(),
  conclusion: z.string().nullable(),
  head_sha: z.string(),
  html_url: z.string().nullable().optional(),
});
type Run = z.infer<typeof run>;
const checkRuns = z.object({ check_runs: z.array(run.extend({ id: z.number(), name: z.string() })) });
const workflowRuns = z.object({ workflow_runs: z.array(run) });
const combined = z.object({
  sha: z.string(),
  statuses: z.array(
    z.object({ context: z.string(), state: z.string(), target_url: z.string().nullable().optional() }),
  ),
});

const repository = z.object({ default_branch: z.string() });

const isWorkflowFile = (check: string): boolean => /\.ya?ml$/.test(check);

const STATES: Readonly<Record<string, CheckResult['state']>> = {
  success: 'passed',
  neutral: 'passed',
  skipped: 'skipped',
};

const resultOf = ({ status, conclusion, head_sha, html_url }: Run): CheckResult => ({
  commit: head_sha,
  state: status === 'completed' ? (STATES[conclusion ?? ''] ?? 'failed') : 'pending',
  word: (status === 'completed' ? conclusion : status) ?? 'unknown',
  link: html_url ?? undefined,
});

/** Newest first, whatever the order in which they came. */
const newest = <T extends { readonly id: number }>(runs: readonly T[]): T | undefined =>
  runs.toSorted((a, b) => b.id - a.id)[0];

export const githubChecks = ({ root, call }: GithubClient): CommitChecks => {
  const ofWorkflow = async (file: string, query: string): Promise<Run | undefined> => {
    const path = `${root}/actions/workflows/${encodeURIComponent(file)}/runs?${query}&per_page=1`;
    const body = await call({ path });
    return body === undefined ? undefined : understood(workflowRuns, body).workflow_runs[0];
  };
  const ofCheck = async (check: string, ref: string): Promise<CheckResult | undefined> => {
    const path = `${root}/commits/${encodeURIComponent(ref)}/check-runs?check_name=${encodeURIComponent(check)}&filter=latest`;
    const body = await call({ path });
    const found = body === undefined ? undefined : newest(understood(checkRuns, body).check_runs);
    return found === undefined ? ofStatus(check, ref) : resultOf(found);
  };
  /** Older services report a status, not a check. */
  const ofStatus = async (context: string, ref: string): Promise<CheckResult | undefined> => {
    const body = await call({ path: `${root}/commits/${encodeURIComponent(ref)}/status?per_page=100` });
    if (body === undefined) return undefined;
    const { sha, statuses } = understood(combined, body);
    const found = statuses.find((s) => s.context === context);
    if (found === undefined) return undefined;
    const state = found.state === 'success' ? 'passed' : found.state === 'pending' ? 'pending' : 'failed';
    return { commit: sha, state, word: found.state, link: found.target_url ?? undefined };
  };
  const defaultBranch = async (): Promise<string | undefined> => {
    const body = await call({ path: root });
    return body === undefined ? undefined : understood(repository, body).default_branch;
  };
  return {
    of: async (check, commit) => {
      if (!isWorkflowFile(check)) return ofCheck(check, commit);
      const found = await ofWorkflow(check, `head_sha=${encodeURIComponent(commit)}`);
      return found === undefined ? undefined : resultOf(found);
    },
    lastPassed: async (check) => {
      if (isWorkflowFile(check)) return (await ofWorkflow(check, 'status=success'))?.head_sha;
      const branch = await defaultBranch();
      const found = branch === undefined ? undefined : await ofCheck(check, branch);
      return found?.state === 'passed' ? found.commit : undefined;
    },
  };
};
