import { z } from 'zod';
import { list, named, strict, text, VARIABLE, VARIABLE_RULE, words } from '../app/fields.ts';

/** Secrets and variables under the names of the documents: a map from names to uses. */

const NAME = /^(?!GITHUB_)(?!github_)[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const NAME_RULE = 'letters, digits and underscores, not starting with a digit or GITHUB_';

const use = text(VARIABLE, `the environment variable that jobs get it as: ${VARIABLE_RULE}`);
const environments = list(words('the name of an environment'), 'a list of environments', { min: 1 });

/** `NAME: USE` for short. */
const shorthand = (value: unknown): unknown => (typeof value === 'string' ? { use: value } : value);

/** Values never stand here: `pulumi config set --secret --path 'sluice:githubSecrets.NAME'`. */
export const secrets = named(
  NAME,
  NAME_RULE,
  z.preprocess(
    shorthand,
    strict({
      /** Default: the name itself. */
      use: use.optional(),
      /** Default: by the name's beginning (STAGING_, PROD_, PRODUCTION_), else all but the preview. */
      environments: environments.optional(),
    }),
  ),
);

const value = z.unknown().transform((input, context): string => {
  if (typeof input === 'string') return input;
  if (typeof input === 'boolean' || (typeof input === 'number' && Number.isSafeInteger(input)))
    return String(input);
  context.issues.push({
    code: 'custom',
    message: 'is not a text',
    params: { allowed: 'a text; numbers with a fraction in quotes' },
    input,
  });
  return z.NEVER;
});

const plain = (input: unknown): unknown =>
  typeof input === 'object' && input !== null && !Array.isArray(input) ? input : { value: input };

export const variables = named(
  NAME,
  NAME_RULE,
  z.preprocess(
    plain,
    strict({
      value,
      /** Default: the name itself. */
      use: use.optional(),
      /** Default: by the name's beginning (STAGING_, PROD_, PRODUCTION_), else every environment. */
      environments: environments.optional(),
    }).refine((variable) => variable.value !== '', {
      error: 'is empty: GitHub would keep no variable',
      params: { allowed: 'a text' },
    }),
  ),
);
