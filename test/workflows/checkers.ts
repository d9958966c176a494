import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { validate } from '@actions/languageservice/validate';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { parse } from 'yaml';
import type { RenderedFile } from '../../workflows/files.ts';
import { ownFindings } from './own-rules.ts';

/** What one checker says about one file. */
export interface Finding {
  readonly by: string;
  readonly file: string;
  readonly message: string;
}

interface Ran {
  readonly code: number;
  readonly out: string;
}

const run = async (command: string, words: readonly string[], input?: string): Promise<Ran> => {
  const child = promisify(execFile)(command, [...words], { maxBuffer: 1 << 28 });
  // It may end before it has read everything.
  child.child.stdin?.on('error', () => undefined).end(input ?? '');
  try {
    return { code: 0, out: (await child).stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: number | string; stdout?: string; stderr?: string };
    if (typeof code !== 'number') throw error;
    return { code, out: `${stdout ?? ''}${stdout === '' ? (stderr ?? '') : ''}` };
  }
};

/**
 * actionlint 1.7.12 knows GitHub's `concurrency.queue` not yet: the only finding that is not heeded. (GitHub:
 * "queue: max", up to 100 waiting runs; a test of the rendered files asserts that it stands where it must.)
 */
const UNKNOWN_YET = 'unexpected key "queue" for "concurrency" section';

const actionlint = async (paths: readonly string[]): Promise<Finding[]> => {
  const { out } = await run('actionlint', [
    '-format',
    '{{json .}}',
    '-ignore',
    UNKNOWN_YET,
    // Scripts are given to shellcheck once each, all of them together: actionlint starts it for every step.
    '-shellcheck=',
    ...paths,
  ]);
  const found = JSON.parse(out) as { filepath: string; line: number; message: string }[];
  return found.map((f) => ({
    by: 'actionlint',
    file: basename(f.filepath),
    message: `${f.line}: ${f.message}`,
  }));
};

const zizmor = async (paths: readonly string[], strict = true): Promise<Finding[]> => {
  const { code, out } = await run('zizmor', [
    '--persona=pedantic',
    '--offline',
    '--no-progress',
    '--quiet',
    '--format=json',
    ...(strict ? ['--strict-collection'] : []),
    ...paths,
  ]);
  if (!out.trimStart().startsWith('[')) {
    // It ends at the first file that is no workflow at all; the others are looked at without it.
    const [first = ''] = paths;
    if (paths.length === 1)
      return [{ by: 'zizmor', file: basename(first), message: `ended with ${code}: ${out.slice(0, 200)}` }];
    const half = Math.ceil(paths.length / 2);
    const halves = [paths.slice(0, half), paths.slice(half)];
    return (await Promise.all(halves.map((p) => zizmor(p, false)))).flat();
  }
  const found = JSON.parse(out) as {
    ident: string;
    desc: string;
    locations: { symbolic: { key: { Local?: { verbatim_path: string } } } }[];
  }[];
  return found.map((f) => ({
    by: 'zizmor',
    file: basename(f.locations[0]?.symbolic.key.Local?.verbatim_path ?? '?'),
    message: `${f.ident}: ${f.desc}`,
  }));
};

/** Inputs that the pinned actions have, of those that we could mean. */
const INPUTS: Readonly<Record<string, readonly string[]>> = {
  'actions/checkout': [
    'fetch-depth',
    'persist-credentials',
    'ref',
    'token',
    'path',
    'repository',
    'fetch-tags',
  ],
  'actions/setup-node': [
    'node-version',
    'package-manager-cache',
    'cache',
    'registry-url',
    'node-version-file',
  ],
  'actions/upload-artifact': [
    'name',
    'path',
    'include-hidden-files',
    'if-no-files-found',
    'retention-days',
    'overwrite',
    'compression-level',
  ],
  'aws-actions/configure-aws-credentials': [
    'role-to-assume',
    'aws-region',
    'role-session-name',
    'role-duration-seconds',
    'audience',
  ],
  'docker/login-action': ['registry', 'username', 'password', 'logout'],
  'docker/setup-buildx-action': ['version', 'driver'],
};

let documents = 0;
/** GitHub's own language service: the one that its editor uses. It remembers by address, so each text has a new one. */
const languageService = async ({ path, text }: RenderedFile): Promise<Finding[]> => {
  documents += 1;
  const document = TextDocument.create(`file:///${documents}/${path}`, 'yaml', 1, text);
  const found = await validate(document, {
    actionsMetadataProvider: {
      fetchActionMetadata: ({ owner, name }) => {
        const inputs = INPUTS[`${owner}/${name}`];
        return Promise.resolve(
          inputs === undefined
            ? undefined
            : {
                name,
                description: '',
                inputs: Object.fromEntries(inputs.map((i) => [i, { description: '' }])),
              },
        );
      },
    },
  });
  return found.map((d) => ({
    by: 'language service',
    file: basename(path),
    message: `${d.range.start.line + 1}: ${JSON.stringify(d.message)}`,
  }));
};

const scriptsOf = (text: string): readonly string[] => {
  try {
    const read = parse(text) as { jobs?: Record<string, { steps?: { run?: unknown }[] }> } | null;
    return Object.values(read?.jobs ?? {}).flatMap((j) =>
      (j.steps ?? []).flatMap((s) => (typeof s.run === 'string' ? [s.run] : [])),
    );
  } catch {
    return [];
  }
};

/** Every script with the files that have it: each is asked about once. */
const scriptsIn = (files: readonly RenderedFile[]): ReadonlyMap<string, ReadonlySet<string>> => {
  const where = new Map<string, Set<string>>();
  for (const { path, text } of files)
    for (const script of scriptsOf(text))
      where.set(script, (where.get(script) ?? new Set()).add(basename(path)));
  return where;
};

const parsesInBash = async (files: readonly RenderedFile[]): Promise<Finding[]> => {
  const found: Finding[] = [];
  for (const [script, names] of scriptsIn(files)) {
    const { code, out } = await run('bash', ['-n'], script);
    if (code !== 0) for (const file of names) found.push({ by: 'bash -n', file, message: out.slice(0, 300) });
  }
  return found;
};

export const hasShellcheck = async (): Promise<boolean> => {
  try {
    return (await run('shellcheck', ['--version'])).code === 0;
  } catch {
    return false;
  }
};

/** What shellcheck says about files; none of its remarks is left out. */
export const shellcheck = async (paths: readonly string[]): Promise<Finding[]> => {
  const { out } = await run('shellcheck', ['--format=json', '--severity=style', '--', ...paths]);
  const found = JSON.parse(out) as { file: string; line: number; code: number; message: string }[];
  return found.map((f) => ({
    by: 'shellcheck',
    file: f.file,
    message: `${f.line}: SC${f.code}: ${f.message}`,
  }));
};

/** All scripts in one process: it takes longer to start than to read one. */
const scripts = async (files: readonly RenderedFile[], folder: string): Promise<Finding[]> => {
  if (!(await hasShellcheck())) return [];
  const of = new Map<string, ReadonlySet<string>>();
  for (const [script, names] of scriptsIn(files)) {
    const path = join(folder, `script-${of.size}.sh`);
    // As runners start it: `shell: bash` stops at the first failure, also inside a pipe.
    writeFileSync(path, `#!/usr/bin/env bash\nset -eo pipefail\n${script}\n`);
    of.set(path, names);
  }
  const found = of.size === 0 ? [] : await shellcheck([...of.keys()]);
  return found.flatMap((f) => [...(of.get(f.file) ?? [])].map((file) => ({ ...f, file })));
};

/** All findings of all checkers. Names of files must be unique. */
export const findingsIn = async (files: readonly RenderedFile[]): Promise<readonly Finding[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-workflows-'));
  try {
    const paths = files.map(({ path, text }) => {
      const full = join(folder, path);
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, text);
      return full;
    });
    const all = await Promise.all([
      actionlint(paths),
      zizmor(paths),
      Promise.all(files.map(languageService)).then((f) => f.flat()),
      parsesInBash(files),
      scripts(files, folder),
    ]);
    const own = files.flatMap(({ path, text }) =>
      ownFindings(path, text).map((message): Finding => ({ by: 'own rules', file: basename(path), message })),
    );
    return [...all.flat(), ...own];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
