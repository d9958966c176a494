import { z } from 'zod';
import type { GithubDeployments } from '../../ports/github.ts';
import { understood, type GithubClient } from './client.ts';

const deployment = z.object({ id: z.number(), payload: z.unknown() });

/** What marks a deployment as ours. */
const payloadOf = (payload: unknown): string | undefined => {
  const read = z.object({ sluice: z.string() }).safeParse(payload);
  return read.success ? read.data.sluice : undefined;
};

const LONGEST = 140;
const TASK = 'sluice';

export const githubDeployments = ({ root, call, all }: GithubClient): GithubDeployments => ({
  find: async (environment, id, commit) => {
    const query = new URLSearchParams({ environment, sha: commit, task: TASK });
    const found = understood(z.array(deployment), await all(`${root}/deployments?${query.toString()}`));
    return found.find((d) => payloadOf(d.payload) === id)?.id;
  },
  create: async (wanted) => {
    const body = await call({
      method: 'POST',
      path: `${root}/deployments`,
      body: {
        ref: wanted.commit,
        task: TASK,
        environment: wanted.environment,
        description: `${wanted.version} as ${wanted.deployment}`.slice(0, LONGEST),
        payload: { sluice: wanted.deployment },
        production_environment: wanted.production,
        auto_merge: false,
        // Our own checks have run, or will: GitHub's would look at others.
        required_contexts: [],
      },
    });
    return understood(deployment, body).id;
  },
  setStatus: async (number, { state, description, environmentUrl, logUrl }) => {
    await call({
      method: 'POST',
      path: `${root}/deployments/${number}/statuses`,
      body: {
        state,
        description: description.slice(0, LONGEST),
        auto_inactive: state === 'success',
        ...(environmentUrl === undefined ? {} : { environment_url: environmentUrl }),
        ...(logUrl === undefined ? {} : { log_url: logUrl }),
      },
    });
  },
});
