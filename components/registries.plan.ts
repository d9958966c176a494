import type { Github } from '../config/github.types.ts';
import type { App } from '../config/types.ts';
import { ecrRepositories } from './permissions.plan.ts';

/** Repositories in this account and region for the images of all environments; those elsewhere are somebody else's. */
export const planRegistries = (
  github: Pick<Github, 'registry' | 'aws'>,
  apps: readonly Pick<App, 'images' | 'services' | 'application'>[],
  region: string,
): readonly string[] => {
  if (!github.registry) return [];
  const here = apps
    .flatMap(ecrRepositories)
    .filter(
      (r) => (r.account ?? github.aws.account) === github.aws.account && (r.region ?? region) === region,
    );
  return [...new Set(here.map((r) => r.name))].sort();
};
