import { refused } from '../lib/errors.ts';

/** The stack for what all environments share: trust, registry, repository settings. */
export const FOUNDATION = 'foundation';

/** The foundation is declared by the GitHub components, which are not part of the program yet. */
export const foundation = (): never => {
  throw refused(
    `stack ${FOUNDATION} is not available yet: it comes with the GitHub components`,
    'pulumi stack select staging',
  );
};
