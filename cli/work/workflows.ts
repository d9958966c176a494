import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CODEOWNERS, codeownersText, githubWarnings } from '../../config/github.ts';
import { EXIT, refused, type ExitCode } from '../../lib/errors.ts';
import { FOLDER, renderWorkflows, type RenderedFile, type WorkflowSettings } from '../../workflows/files.ts';
import { HEADER } from '../../workflows/render.ts';
import type { Printer } from '../print.ts';
import { ROOT } from '../session/stack-config.ts';
import { readWorkflowSettings } from './workflow-settings.ts';

/** The workflow files, and who must agree to a change of them. */
const rendered = (settings: WorkflowSettings): readonly RenderedFile[] => {
  const owners = codeownersText(settings.github);
  return [
    ...renderWorkflows(settings),
    ...(owners === undefined ? [] : [{ path: CODEOWNERS, text: owners }]),
  ];
};

/** How a file in the folder differs from what configuration says. */
export type Difference =
  | { readonly path: string; readonly kind: 'missing' }
  | { readonly path: string; readonly kind: 'unasked' }
  /** 1-based, of the first line that differs. */
  | { readonly path: string; readonly kind: 'changed'; readonly line: number };

const existing = (folder: string, path: string): string | undefined => {
  const full = join(folder, path);
  return existsSync(full) ? readFileSync(full, 'utf8') : undefined;
};

const firstDifference = (a: string, b: string): number => {
  const [left, right] = [a.split('\n'), b.split('\n')];
  return left.findIndex((line, i) => line !== right[i]) + 1 || left.length + 1;
};

/** Files of ours that nobody asks for any more. Other people's workflows are left alone. */
const unasked = (folder: string, files: readonly RenderedFile[]): readonly string[] => {
  const where = join(folder, FOLDER);
  if (!existsSync(where)) return [];
  return readdirSync(where)
    .map((name) => `${FOLDER}/${name}`)
    .filter((path) => !files.some((f) => f.path === path))
    .filter((path) => readFileSync(join(folder, path), 'utf8').startsWith(`# ${HEADER}`));
};

/** Every file that is not what it should be. */
export const differences = (folder: string, files: readonly RenderedFile[]): readonly Difference[] => [
  ...files.flatMap(({ path, text }): Difference[] => {
    const found = existing(folder, path);
    if (found === undefined) return [{ path, kind: 'missing' }];
    return found === text ? [] : [{ path, kind: 'changed', line: firstDifference(found, text) }];
  }),
  ...unasked(folder, files).map((path): Difference => ({ path, kind: 'unasked' })),
];

/** Writes the files, and removes those of ours that configuration asks for no more. */
export const writeWorkflows = async (given: string | undefined, print: Printer): Promise<ExitCode> => {
  const folder = given ?? ROOT;
  const settings = readWorkflowSettings(folder);
  const files = rendered(settings);
  const different = differences(folder, files);
  mkdirSync(join(folder, FOLDER), { recursive: true });
  for (const { path, kind } of different) {
    if (kind === 'unasked') rmSync(join(folder, path));
    else writeFileSync(join(folder, path), files.find((f) => f.path === path)?.text ?? '');
    print.event('workflow', { path, kind }, `  ${kind === 'unasked' ? 'removed' : 'written'}  ${path}`);
  }
  for (const warning of githubWarnings(settings.github))
    print.event('warning', { warning }, `  note: ${warning}`);
  print.result(
    'workflows',
    { files: files.map((f) => f.path), changed: different.length },
    `${files.length} files below .github, ${different.length === 0 ? 'all up to date' : `${different.length} changed`}`,
  );
  return EXIT.done;
};

const told = (difference: Difference): string => {
  switch (difference.kind) {
    case 'missing':
      return `${difference.path} is missing`;
    case 'unasked':
      return `${difference.path} is not asked for by the configuration any more`;
    case 'changed':
      return `${difference.path} differs from line ${difference.line} on: edited by hand, or the configuration has changed`;
    default:
      return difference satisfies never;
  }
};

/** Throws (exit 3) with every file that differs and what to do about it. */
export const checkWorkflows = async (given: string | undefined, print: Printer): Promise<ExitCode> => {
  const folder = given ?? ROOT;
  const files = rendered(readWorkflowSettings(folder));
  const different = differences(folder, files);
  if (different.length > 0)
    throw refused(
      ['workflow files are not what the configuration says:', ...different.map((d) => `  ${told(d)}`)].join(
        '\n',
      ),
      'change Pulumi.*.yaml or workflows/ instead of the file, then: sluice workflows render',
    );
  print.result(
    'workflows',
    { files: files.map((f) => f.path) },
    `${files.length} files below .github are up to date`,
  );
  return EXIT.done;
};
