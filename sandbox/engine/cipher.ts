import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { refused } from '../../lib/errors.ts';

const FORMAT = 'v1';
const CHECK_TEXT = 'sluice';
/** Costs about 30 ms once per passphrase and salt, off the main thread. */
const SCRYPT = { N: 16_384, r: 8, p: 1 } as const;

/** What state keeps of the key: enough to derive it again and to recognise a wrong passphrase. */
export interface KeyInfo {
  readonly salt: string;
  readonly check: string;
}

export interface Cipher {
  readonly info: KeyInfo;
  encrypt(text: string): string;
  /** Throws when the text was not made by this key. */
  decrypt(sealed: string): string;
}

const keys = new Map<string, Promise<Buffer>>();
const KEPT_KEYS = 64;

const derive = (passphrase: string, salt: string): Promise<Buffer> => {
  const name = JSON.stringify([salt, passphrase]);
  const known = keys.get(name);
  if (known !== undefined) return known;
  const key = new Promise<Buffer>((resolve, reject) => {
    scrypt(passphrase, Buffer.from(salt, 'base64'), 32, SCRYPT, (error, derived) => {
      if (error === null) resolve(derived);
      else reject(error);
    });
  });
  keys.set(name, key);
  for (const oldest of keys.keys()) {
    if (keys.size <= KEPT_KEYS) break;
    keys.delete(oldest);
  }
  return key;
};

const seal = (key: Buffer, text: string): string => {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return [
    FORMAT,
    nonce.toString('base64'),
    body.toString('base64'),
    cipher.getAuthTag().toString('base64'),
  ].join(':');
};

const open = (key: Buffer, sealed: string): string => {
  const [format, nonce, body, tag] = sealed.split(':');
  if (format !== FORMAT || nonce === undefined || body === undefined || tag === undefined)
    throw new Error('not a sealed value');
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64'), { authTagLength: 16 });
  decipher.setAuthTag(Buffer.from(tag, 'base64'));
  return decipher.update(Buffer.from(body, 'base64'), undefined, 'utf8') + decipher.final('utf8');
};

/** The cipher of a stack: a new one without `info`. Refused when the passphrase is not the one state was sealed with. */
export const openCipher = async (passphrase: string, info: KeyInfo | undefined): Promise<Cipher> => {
  const salt = info?.salt ?? randomBytes(16).toString('base64');
  const key = await derive(passphrase, salt);
  if (info !== undefined) {
    try {
      open(key, info.check);
    } catch (error) {
      throw refused(
        'incorrect passphrase: the secrets in this state were sealed with another one',
        'Set PULUMI_CONFIG_PASSPHRASE to the passphrase of this stack.',
        error,
      );
    }
  }
  return {
    info: info ?? { salt, check: seal(key, CHECK_TEXT) },
    encrypt: (text) => seal(key, text),
    decrypt: (sealed) => open(key, sealed),
  };
};
