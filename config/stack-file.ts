import { isCollection, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import type { Document, Node, Pair } from 'yaml';
import { badInput } from '../lib/errors.ts';
import { nearest } from '../lib/nearest.ts';

/**
 * Pulumi.yaml and Pulumi.<stack>.yaml read as Pulumi reads them, from their text: for the embedded engine, and to
 * look at a configuration without an engine. Nothing is decrypted and nothing is written.
 */

/** Keys that Pulumi knows in a stack file. */
const STACK_KEYS = ['config', 'environment', 'secretsprovider', 'encryptedkey', 'encryptionsalt'];
/** Keys that only a project file has. */
const PROJECT_KEYS = [
  'name',
  'runtime',
  'main',
  'description',
  'backend',
  'template',
  'plugins',
  'packages',
  'stackConfigDir',
];

export interface StackFile {
  /** Fully qualified key → value as Pulumi hands it to a program; maps and lists as JSON texts. */
  readonly config: Readonly<Record<string, string>>;
  /** Keys whose value is encrypted (`secure: …`), wholly or inside; they are not in `config`. */
  readonly secrets: readonly string[];
}

/** Plain configuration values of a stack file; encrypted entries are left out (`secretEntries` names them). */
export const readStackFile = (text: string, projectName: string, file?: string): Record<string, string> => ({
  ...parseStackFile(text, projectName, file).config,
});

/** Fully qualified keys of a stack file whose value is encrypted. */
export const secretEntries = (text: string, projectName: string, file?: string): readonly string[] =>
  parseStackFile(text, projectName, file).secrets;

/** Reads a stack file. Throws bad input (exit 2) with the line of each problem; `file` is its name for messages. */
export const parseStackFile = (
  text: string,
  projectName: string,
  file = 'Pulumi.<stack>.yaml',
): StackFile => {
  const { root, fail, at } = open(text, file);
  const keys = Object.keys(root);
  if ('name' in root && 'runtime' in root) {
    return fail(at('name'), 'is a project file, not a stack file', 'a file with `config:` at the top');
  }
  for (const key of keys) {
    if (STACK_KEYS.includes(key)) continue;
    const meant = nearest(key, STACK_KEYS);
    // The usual slip: settings without the `config:` above them.
    const slip = key.includes(':') ? '; settings stand below `config:`' : '';
    return fail(
      at(key),
      `unknown key \`${key}\`${meant === undefined ? slip : `; did you mean \`${meant}\`?`}`,
      STACK_KEYS.join(', '),
    );
  }
  const entries = root['config'] ?? {};
  if (!isPlainMap(entries))
    return fail(at('config'), '`config` is not a map of settings', 'one `key: value` a line');
  const config: Record<string, string> = {};
  const secrets: string[] = [];
  for (const [key, value] of Object.entries(entries)) {
    const name = key.includes(':') ? key : `${projectName}:${key}`;
    if (!/^[^:\s]+:[^:\s]+$/.test(name)) {
      return fail(
        at('config', key),
        `\`${key}\` is not a configuration key`,
        '`namespace:name`, e.g. sluice:app',
      );
    }
    if (name in config || secrets.includes(name))
      return fail(at('config', key), `\`${name}\` stands there twice`, 'once');
    if (value === null) return fail(at('config', key), `\`${key}\` is empty`, 'a value, or no such line');
    if (hasSecret(value)) secrets.push(name);
    else config[name] = asText(value);
  }
  return { config, secrets };
};

export interface ProjectFile {
  readonly name: string;
  readonly description: string | undefined;
  /** Entry of the program, from the project's folder; undefined: what package.json says. */
  readonly main: string | undefined;
  readonly runtime: string;
}

/** Reads Pulumi.yaml. Throws bad input (exit 2) with the line of the problem. */
export const parseProjectFile = (text: string, file = 'Pulumi.yaml'): ProjectFile => {
  const { root, fail, at } = open(text, file);
  if (!('name' in root) && 'config' in root) {
    return fail(at('config'), 'is a stack file, not a project file', 'a file with `name:` and `runtime:`');
  }
  const known = new Set([...PROJECT_KEYS, 'config', 'author', 'website', 'license', 'options']);
  for (const key of Object.keys(root)) {
    const meant = known.has(key) ? undefined : nearest(key, known);
    if (meant !== undefined)
      return fail(at(key), `unknown key \`${key}\`; did you mean \`${meant}\`?`, undefined);
  }
  const { name, description, main, runtime } = root;
  if (typeof name !== 'string' || !/^[A-Za-z0-9_.-]{1,100}$/.test(name)) {
    return fail(at('name'), '`name` is missing or no project name', 'letters, digits, hyphens, e.g. sluice');
  }
  const language = isPlainMap(runtime) ? runtime['name'] : runtime;
  if (typeof language !== 'string') return fail(at('runtime'), '`runtime` is missing', 'nodejs');
  return {
    name,
    runtime: language,
    description: typeof description === 'string' ? description : undefined,
    main: typeof main === 'string' ? main : undefined,
  };
};

interface Opened {
  readonly root: Readonly<Record<string, unknown>>;
  readonly fail: (place: string, reason: string, allowed: string | undefined) => never;
  /** `file:line` of a key. */
  readonly at: (...path: string[]) => string;
}

/** The text as a map, or bad input that says where it is broken. */
const open = (text: string, file: string): Opened => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (...path: string[]): string => {
    const offset = keyOffset(document, path);
    return offset === undefined ? file : `${file}:${lines.linePos(offset).line}`;
  };
  const fail: Opened['fail'] = (path, reason, allowed) => {
    throw badInput(`${file} cannot be used:`, [
      { path, reason, ...(allowed === undefined ? {} : { allowed }) },
    ]);
  };
  if (document.errors.length > 0) {
    throw badInput(
      `${file} is not valid YAML:`,
      document.errors.map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        return { path: `${file}:${line}:${col}`, reason: error.message };
      }),
    );
  }
  const root: unknown = document.toJS();
  if (root === null) return fail(file, 'is empty', 'a file with `config:` at the top');
  if (!isPlainMap(root))
    return fail(`${file}:1`, 'is not a map of settings', 'a file with `config:` at the top');
  return { root, fail, at };
};

const keyOffset = (document: Document.Parsed, path: readonly string[]): number | undefined => {
  let node: Node | null | undefined = document.contents;
  let offset: number | undefined;
  for (const step of path) {
    if (!isMap(node)) return offset;
    const pair: Pair | undefined = node.items.find(
      ({ key }) => (isScalar(key) ? String(key.value) : undefined) === step,
    );
    if (!pair || !isScalar(pair.key)) return offset;
    offset = pair.key.range?.[0];
    node = isCollection(pair.value) ? pair.value : undefined;
  }
  return offset;
};

const isPlainMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `{secure: <ciphertext>}` at any depth makes the whole entry secret. */
const hasSecret = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.some(hasSecret);
  if (!isPlainMap(value)) return false;
  const keys = Object.keys(value);
  return (keys.length === 1 && typeof value['secure'] === 'string') || Object.values(value).some(hasSecret);
};

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
