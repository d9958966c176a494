/** What stands where a secret was. */
export const HIDDEN = '***';

const SECRET_WORDS = new Set([
  'password',
  'passwd',
  'pwd',
  'passphrase',
  'secret',
  'secrets',
  'token',
  'tokens',
  'credential',
  'credentials',
  'authorization',
  'cookie',
  'webhook',
  'dsn',
  'jwt',
  'bearer',
]);
/** Endings that make a key secret only together: `api key` is, `key` of an S3 object is not. */
const SECRET_ENDINGS = [
  /(^| )(api|private|access|ssh|signing|encryption|master|prod|production|staging|deploy|routing)( [a-z]+)? keys?$/,
  /(^| )(database|db|redis|postgres|mongo|amqp|connection) (url|uri|string)$/,
];
const PUBLIC_WORDS = new Set(['public', 'publishable']);

/** `DATABASE_URL`, `databaseUrl` and `database-url` as words: `database url`. */
const words = (key: string): string[] =>
  key
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((w) => w !== '');

/** Whether what is kept under this key is probably a secret and must not be printed. Better once too often. */
export const isSecretKey = (key: string): boolean => {
  const parts = words(key);
  if (parts.some((w) => PUBLIC_WORDS.has(w))) return false;
  return parts.some((w) => SECRET_WORDS.has(w)) || SECRET_ENDINGS.some((e) => e.test(parts.join(' ')));
};

/** Shapes of secrets that give themselves away wherever they stand. Each keeps what tells a reader which one it was. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  // user and password in a URL; a raw slash in the password is wrong, but it is met, and a port is no password
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'`:@]+:(?!\d+\/)[^\s"'`]*@/gi, `$1${HIDDEN}@`],
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'`]*@/gi, `$1${HIDDEN}@`],
  [/(https:\/\/hooks\.slack\.com\/(?:services|workflows|triggers)\/)[^\s"'`)]+/g, `$1${HIDDEN}`],
  [/(https:\/\/[a-z0-9.-]*webhook\.office\.com\/)[^\s"'`)]+/g, `$1${HIDDEN}`],
  [/(api\.telegram\.org\/bot)[^\s/"'`]+/g, `$1${HIDDEN}`],
  [/\b(bearer) [a-z0-9._~+/-]{16,}=*/gi, `$1 ${HIDDEN}`],
  [/\b(authorization["']?\s*[:=]\s*["']?(?:basic|bearer|token)) [^\s"',}]+/gi, `$1 ${HIDDEN}`],
  [/\b(?:gh[oprsu]_[A-Za-z0-9]{20,}|github_pat_\w{20,})\b/g, HIDDEN],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, HIDDEN],
  [/\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+/g, HIDDEN],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, HIDDEN],
  [/\b([A-Z0-9_]*(?:PASSWORD|SECRET|TOKEN|PASSWD))=[^\s"']+/g, `$1=${HIDDEN}`],
];

/** Known values shorter than this are left alone: hiding every `1` makes a log unreadable and hides nothing. */
const SHORTEST_SECRET = 4;

/**
 * Text without secrets: the known values (also in their URL-encoded, JSON-escaped and base64 forms), and
 * whatever has the shape of one. Call it once, where text leaves the program.
 */
export const redactText = (text: string, known: Iterable<string> = []): string => {
  let out = text;
  for (const value of variants(known)) out = out.replaceAll(value, HIDDEN);
  for (const [shape, instead] of SHAPES) out = out.replace(shape, instead);
  return out;
};

/** Longest first, so that a secret that contains another is hidden as a whole. */
const variants = (known: Iterable<string>): string[] => {
  const all = new Set<string>();
  for (const value of known) {
    if (value.length < SHORTEST_SECRET) continue;
    all.add(value);
    all.add(encodeURIComponent(value.toWellFormed()));
    all.add(JSON.stringify(value).slice(1, -1));
    all.add(Buffer.from(value, 'utf8').toString('base64'));
    // Of a key or certificate a log shows single lines.
    for (const line of value.split('\n')) if (line.trim().length >= 16) all.add(line.trim());
  }
  return [...all].sort((a, b) => b.length - a.length);
};

/** A copy of plain data in which values under secret-looking keys are hidden and every text is redacted. */
export const redactValue = (value: unknown, known: Iterable<string> = []): unknown => {
  const secrets = [...known];
  const walk = (v: unknown): unknown => {
    if (typeof v === 'string') return redactText(v, secrets);
    if (Array.isArray(v)) return v.map(walk);
    if (typeof v !== 'object' || v === null) return v;
    return Object.fromEntries(
      Object.entries(v).map(([k, inner]) => [
        redactText(k, secrets),
        isSecretKey(k) && inner !== null && inner !== undefined && inner !== '' ? HIDDEN : walk(inner),
      ]),
    );
  };
  return walk(value);
};

/** Remembers secrets as they are met, so that one redactor at the boundary knows them all. */
export interface Redactor {
  /** From now on this value is hidden. */
  add(value: string): void;
  text(text: string): string;
  value(value: unknown): unknown;
}

export const redactor = (known: Iterable<string> = []): Redactor => {
  const secrets = new Set(known);
  return {
    add: (value) => void secrets.add(value),
    text: (text) => redactText(text, secrets),
    value: (value) => redactValue(value, secrets),
  };
};
