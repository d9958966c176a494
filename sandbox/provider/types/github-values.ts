import { NO_ACTIONS, type Handler } from '../handler.ts';
import type { CheckFailure, Props } from '../contract.ts';
import { UNKNOWN } from '../contract.ts';
import { text } from '../values.ts';
import type { GithubPlace } from './github-place.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const BYTES = 48 * 1024;

/** Secrets have several ways to give a value; variables one. */
const VALUES = {
  secret: ['value', 'valueEncrypted', 'plaintextValue', 'encryptedValue'],
  variable: ['value'],
} as const;

const nameFailures = (property: string, name: string | undefined): CheckFailure[] => {
  if (name === undefined) return [];
  if (!NAME.test(name) || /^GITHUB_/i.test(name))
    return [{ property, reason: `'${name}' is no name: letters, digits and _, not GITHUB_ in front` }];
  return name.length > 255
    ? [{ property, reason: `the name has ${name.length} characters: at most 255` }]
    : [];
};

/** The value is in no message. */
const valueFailures = (kind: keyof typeof VALUES, inputs: Props): CheckFailure[] => {
  const given = VALUES[kind].filter((key) => inputs[key] !== undefined);
  const [key] = given;
  if (key === undefined || given.length > 1)
    return [{ property: 'value', reason: `exactly one of ${VALUES[kind].join(', ')} is needed` }];
  const value = inputs[key];
  if (value === UNKNOWN || typeof value !== 'string') return [];
  if (value === '') return [{ property: key, reason: 'is empty' }];
  const bytes = Buffer.byteLength(value);
  return bytes > BYTES ? [{ property: key, reason: `has ${bytes} bytes: at most ${BYTES} are allowed` }] : [];
};

/** A secret or variable of an environment that must exist. */
export const value = (place: GithubPlace, kind: keyof typeof VALUES): Handler => {
  const nameKey = `${kind}Name`;
  return {
    actions: NO_ACTIONS,
    required: ['repository', 'environment', nameKey],
    replaces: ['repository', 'environment', nameKey],
    validate: (inputs) => [...nameFailures(nameKey, text(inputs, nameKey)), ...valueFailures(kind, inputs)],
    create: (inputs) => {
      const repository = text(inputs, 'repository') ?? '';
      const environment = text(inputs, 'environment') ?? '';
      place.needEnvironment(repository, environment);
      const now = new Date().toISOString();
      return {
        id: `${repository}:${environment}:${text(inputs, nameKey) ?? ''}`,
        outputs: { ...inputs, createdAt: now, updatedAt: now },
      };
    },
    update: (news, { olds }) => ({ ...olds, ...news, updatedAt: new Date().toISOString() }),
  };
};
