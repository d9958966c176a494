import type { Github } from '../github.types.ts';

/** Where GitHub looks for it. */
export const CODEOWNERS = '.github/CODEOWNERS';

/** What decides what runs with a role: changes of it need an owner. */
const GUARDED = ['/.github/', '/Pulumi.foundation.yaml'] as const;

/** The file's text; undefined where nobody is named. */
export const codeownersText = ({ codeowners }: Pick<Github, 'codeowners'>): string | undefined =>
  codeowners.length === 0
    ? undefined
    : [
        '# Rendered from Pulumi.foundation.yaml (`codeowners`). What runs with rights is changed by these people only.',
        ...GUARDED.map((path) => `${path} ${codeowners.join(' ')}`),
        '',
      ].join('\n');
