import { parseGithub } from '../../../config/github.ts';
import type { Github } from '../../../config/github.types.ts';
import { ExpectedError } from '../../../lib/errors.ts';

/** The smallest settings that are right, with some parts replaced. */
export const minimal = (more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  application: 'shop',
  repository: { name: 'acme/shop', id: 1001, ownerId: 2002, visibility: 'public' },
  aws: { account: '123456789012' },
  ...more,
});

export const github = (more: Readonly<Record<string, unknown>> = {}): Github => parseGithub(minimal(more));

/** Every problem, a line each as a person sees it, without the root; none when it is right. */
export const problems = (more: Readonly<Record<string, unknown>>): string[] => {
  try {
    github(more);
    return [];
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim().replace(/^sluice:github\.?/, ''));
  }
};
