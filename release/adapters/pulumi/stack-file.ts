import { parse, stringify } from 'yaml';
import { RELEASE_KEY } from '../../ports/outputs.ts';

/** What the state itself says about how its secrets are sealed (`secrets_providers` of a checkpoint). */
export interface StateSecrets {
  readonly type: string;
  readonly state?: { readonly salt?: string; readonly url?: string; readonly encryptedkey?: string };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const hasSecret = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.some(hasSecret)
    : isRecord(value) && (typeof value['secure'] === 'string' || Object.values(value).some(hasSecret));

/** Objects are written as objects: `pulumi config set --path` on a text would replace it as a whole. */
const structured = (text: string): unknown => {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};

/**
 * The seal to work with. The state's own opens the state, whatever a checkout's file says: a file keeps an old salt
 * after the passphrase was changed elsewhere, and `pulumi` writes a new one into it when it meets a wrong
 * passphrase. Encrypted entries of the file need the file's, though.
 */
const sealOf = (
  file: Record<string, unknown>,
  encrypted: boolean,
  secrets: StateSecrets | undefined,
): Record<string, unknown> => {
  const { encryptionsalt, secretsprovider, encryptedkey } = file;
  const own = { encryptionsalt, secretsprovider, encryptedkey };
  if (encrypted || secrets?.state === undefined) return own;
  const { salt, url, encryptedkey: key } = secrets.state;
  if (salt !== undefined) return { encryptionsalt: salt };
  return url === undefined ? own : { secretsprovider: url, encryptedkey: key };
};

/**
 * Text of the stack file that an update of the engine works with: today's configuration, the encrypted entries of
 * the stack's own file as they stand there, and the seal. `values`: qualified key → text.
 */
export const stackFileText = (
  file: string | undefined,
  values: Readonly<Record<string, string>>,
  secrets: StateSecrets | undefined,
): string => {
  const parsed: unknown = parse(file ?? '');
  const { config, ...rest } = isRecord(parsed) ? parsed : {};
  const sealed = Object.entries(isRecord(config) ? config : {}).filter(
    ([key, value]) => key !== RELEASE_KEY && hasSecret(value),
  );
  const plain = Object.entries(values).map(([key, text]) => [key, structured(text)] as const);
  const { environment } = rest;
  const seal = sealOf(rest, sealed.length > 0, secrets);
  // Lines are not folded and nothing is an alias: Pulumi's own reader sees exactly these values.
  return stringify(
    {
      ...Object.fromEntries(Object.entries(seal).filter(([, v]) => v !== undefined)),
      ...(environment === undefined ? {} : { environment }),
      config: Object.fromEntries([...sealed, ...plain]),
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
};
