import type { Github } from '../../ports/github.ts';
import { githubChecks } from './checks.ts';
import { githubClient, type GithubSettings } from './client.ts';
import { githubComments } from './comments.ts';
import { githubDeployments } from './deployments.ts';
import { githubReviews } from './reviews.ts';
import { githubTags } from './tags.ts';

export type { GithubSettings } from './client.ts';

/** One repository on GitHub, by its REST API. */
export const githubApi = (settings: GithubSettings): Github => {
  const client = githubClient(settings);
  return {
    checks: githubChecks(client),
    tags: githubTags(client),
    deployments: githubDeployments(client),
    comments: githubComments(client),
    reviews: githubReviews(client),
  };
};
