import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Release } from '../../config/release.types.ts';
import { ROOT, type Ground } from './ground.ts';

export interface Ended {
  readonly code: number;
  /** Both outputs, as a terminal shows them. */
  readonly text: string;
}

/** A checkout of this repository, as far as `pulumi` sees it: its own stack file, the program of this tree. */
export interface Checkout {
  readonly directory: string;
  readonly file: string;
  /** `pulumi <args> --stack production`, by hand. */
  pulumi(...args: readonly string[]): Promise<Ended>;
  /** A command line as it was printed for people. */
  shell(command: string): Promise<Ended>;
}

export const STACK = 'production';
const COMPILED = join(ROOT, 'node_modules/.cache/compiled');

/** Not `execFileSync`: the provider server answers from this process. */
const run = (
  directory: string,
  environment: Readonly<Record<string, string>>,
  command: string,
  args: readonly string[],
) =>
  new Promise<Ended>((resolve) => {
    execFile(
      command,
      [...args],
      // A program that was compiled before loads in half the time.
      {
        cwd: directory,
        env: { ...process.env, NODE_COMPILE_CACHE: COMPILED, ...environment },
        maxBuffer: 64 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, text: stdout + stderr });
      },
    );
  });

/** `config`: qualified key → text, as an updater has it. */
export const checkout = (
  ground: Pick<Ground, 'directory' | 'environment'>,
  config: Readonly<Record<string, string>>,
  release?: Release,
): Checkout => {
  mkdirSync(join(ground.directory, 'checkouts'), { recursive: true });
  const directory = mkdtempSync(join(ground.directory, 'checkouts/'));
  const project = readFileSync(join(ROOT, 'Pulumi.yaml'), 'utf8');
  writeFileSync(
    join(directory, 'Pulumi.yaml'),
    project.replace('main: infra/index.ts', `main: ${join(ROOT, 'infra/index.ts')}`),
  );
  const entries = Object.entries(config).map(([key, text]): [string, unknown] => [
    key,
    text.startsWith('{') ? JSON.parse(text) : text,
  ]);
  if (release !== undefined) entries.push(['sluice:release', release]);
  const file = join(directory, `Pulumi.${STACK}.yaml`);
  writeFileSync(file, stringify({ config: Object.fromEntries(entries) }, { aliasDuplicateObjects: false }));
  return {
    directory,
    file,
    pulumi: (...args) =>
      run(directory, ground.environment, 'pulumi', [
        ...args,
        '--stack',
        STACK,
        '--non-interactive',
        '--color',
        'never',
      ]),
    shell: (command) => run(directory, ground.environment, 'bash', ['-c', command]),
  };
};

/** Service → slot → weight, as the load balancer has it. */
export const liveTraffic = async (
  ground: Ground,
  routing: { readonly services: Readonly<Record<string, { rule?: string; targetGroups: object }>> },
): Promise<Record<string, Record<string, number>>> => {
  const services = Object.entries(routing.services);
  const arns = services.flatMap(([, s]) => s.rule ?? []);
  const rules = await ground.sandbox.call<{ arn: string; weights: Record<string, number> }[]>(
    'POST',
    '/balancer/rules/read',
    { rules: arns },
  );
  return Object.fromEntries(
    services.map(([name, { rule, targetGroups }]) => {
      const weights = rules.find((r) => r.arn === rule)?.weights ?? {};
      const slots = Object.entries(targetGroups as Record<string, string>);
      return [
        name,
        Object.fromEntries(
          Object.entries(weights).map(([arn, w]) => [slots.find(([, a]) => a === arn)?.[0] ?? arn, w]),
        ),
      ];
    }),
  );
};
