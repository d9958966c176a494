import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseApp } from '../../config/app.ts';
import { parseGithub } from '../../config/github.ts';
import { readStackFile } from '../../config/stack-file.ts';
import type { WorkflowSettings } from '../../workflows/files.ts';

export const ROOT = join(import.meta.dirname, '../..');

type Tree = { readonly [key: string]: unknown };
const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const merge = (base: unknown, over: unknown): unknown => {
  if (!isTree(base) || !isTree(over)) return over;
  return Object.fromEntries(
    [...new Set([...Object.keys(base), ...Object.keys(over)])].map((key) => [
      key,
      key in over ? merge(base[key], over[key]) : base[key],
    ]),
  );
};

const written = (folder: string, stack: string, key: string): unknown => {
  const file = `Pulumi.${stack}.yaml`;
  const text = readStackFile(readFileSync(join(folder, file), 'utf8'), 'sluice', file)[key];
  return text === undefined ? undefined : JSON.parse(text);
};

export interface Overlay {
  readonly github?: Tree;
  readonly staging?: Tree;
  readonly production?: Tree;
}

/** The configuration of this repository, with something laid over it. */
export const settingsWith = (overlay: Overlay = {}, folder: string = ROOT): WorkflowSettings => {
  const of = existsSync(join(folder, 'Pulumi.foundation.yaml')) ? folder : ROOT;
  const github = parseGithub(merge(written(of, 'foundation', 'sluice:github'), overlay.github ?? {}));
  const app = (stack: 'staging' | 'production') =>
    parseApp(merge(written(folder, stack, 'sluice:app'), overlay[stack] ?? {}), { stack });
  return { github, apps: { staging: app('staging'), production: app('production') } };
};

const hasStacks = (folder: string): boolean =>
  ['staging', 'production'].every((s) => existsSync(join(folder, `Pulumi.${s}.yaml`)));

/** Applications of `examples/` that bring their own pair of stack files. */
const examples = (): readonly (readonly [string, WorkflowSettings])[] =>
  readdirSync(join(ROOT, 'examples'))
    .map((name) => [name, join(ROOT, 'examples', name)] as const)
    .filter(([, folder]) => hasStacks(folder))
    .map(([name, folder]) => [name, settingsWith({}, folder)]);

const inside = {
  mode: 'run',
  level: 'enhanced',
  required: [],
  commands: { lint: 'npm run lint', 'unit tests': 'npm test -- --project unit' },
};

/** What the documents ask for, each as a configuration of its own. */
const VARIANTS: Readonly<Record<string, Overlay>> = {
  'Azora, as it stands here': {},
  'the bot: after CI on develop, and when the compose file changes': {
    github: {
      triggers: {
        staging: {
          push: ['develop'],
          paths: ['docker-compose.yml'],
          afterWorkflow: { name: 'CI', branches: ['develop'] },
        },
      },
    },
  },
  'running-app: promotion of a staging deployment, checks inside': {
    github: { triggers: { production: { promote: true } } },
    staging: { checks: { ...inside, level: 'quick' } },
    production: { checks: inside },
  },
  'lambda: staging on develop and pull requests, production in the same run': {
    github: {
      triggers: {
        staging: { push: ['develop', 'main'], pullRequest: ['main'] },
        production: { afterStaging: true, dispatch: false },
      },
    },
  },
  'a private repository on a plan without reviewers': {
    github: { repository: { plan: 'team' } },
    production: { approval: { when: 'first', reviewers: ['release'] } },
  },
  'reviewers on GitHub, and the deployment itself waits for them': {
    production: { approval: { when: 'first', reviewers: ['release'], timeout: '2 hours' } },
  },
  'a public repository, nobody asked': {
    github: {
      repository: { visibility: 'public', plan: 'free' },
      environments: { 'production-approval': { reviewers: [] } },
    },
  },
  'images built in the pipeline': {
    staging: { images: { build: 'docker buildx bake --push' } },
    production: { images: { build: 'docker buildx bake --push' } },
  },
  'staging in stages too, no database backup, nothing by the clock': {
    github: { schedules: { tidy: 'never', backup: 'never', drift: 'never' } },
    staging: {
      rollout: 'staged',
      stages: [
        { name: 'half', traffic: '50 %', bake: '1 minute' },
        { name: 'all', traffic: '100 %', bake: '1 minute' },
      ],
    },
    production: { database: { backup: { enabled: false } } },
  },
};

/** Every configuration that the rendered files are checked with, by name. */
export const configurations = (): ReadonlyMap<string, WorkflowSettings> =>
  new Map([
    ...Object.entries(VARIANTS).map(([name, overlay]) => [name, settingsWith(overlay)] as const),
    ...examples(),
  ]);
