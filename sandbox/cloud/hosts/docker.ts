import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { stringify } from 'yaml';
import { DockerError, readCompose, type ComposeProject } from './compose-file.ts';
import type { Container } from './container.ts';
import type { Engine } from './engine.ts';

export interface Call {
  readonly args: readonly string[];
  readonly cwd: string;
  out(text: string): void;
  err(text: string): void;
}

interface Options {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly rest: readonly string[];
}

/** Options that are followed by a value. */
const VALUED = new Set([
  '-f',
  '--file',
  '-p',
  '--project-name',
  '--project-directory',
  '--env-file',
  '--format',
  '--filter',
  '-t',
  '--timeout',
  '--tail',
  '--profile',
]);

const parseOptions = (args: readonly string[], stopAtWord: boolean): Options => {
  const flags = new Set<string>();
  const values = new Map<string, string[]>();
  let at = 0;
  for (; at < args.length; at++) {
    const word = args[at] ?? '';
    if (!word.startsWith('-')) {
      if (stopAtWord) break;
      values.set('', [...(values.get('') ?? []), word]);
      continue;
    }
    const [name = '', inline] = word.startsWith('--') ? word.split('=', 2) : [word];
    if (VALUED.has(name)) values.set(name, [...(values.get(name) ?? []), inline ?? args[++at] ?? '']);
    else flags.add(word);
  }
  return { flags, values, rest: stopAtWord ? args.slice(at) : (values.get('') ?? []) };
};

const unknown = (what: string): never => {
  throw new DockerError(`the sandbox's docker does not know ${what}`);
};

/** One container in the words of a Go template: only those that are used. */
const formatted = (template: string, container: Container): string =>
  template.replace(/\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => {
    const label = /^\.Label "([^"]+)"$/.exec(expression)?.[1];
    if (label === 'com.docker.compose.service') return container.spec.service;
    if (label === 'com.docker.compose.project') return container.spec.project;
    if (label !== undefined) return container.spec.labels[label] ?? '';
    const fields: Readonly<Record<string, string>> = {
      '.ID': container.id,
      '.Names': `${container.spec.project}-${container.spec.service}-1`,
      '.Status': container.status,
      '.Image': container.spec.image,
      '.State.Health.Status': container.health,
      '.State.Status': container.running ? 'running' : 'exited',
    };
    return fields[expression] ?? unknown(`the template ${expression}`);
  });

const ps = (engine: Engine, { values, flags }: Options, call: Call): number => {
  const filters = (values.get('--filter') ?? []).map(
    (f) => /^label=com\.docker\.compose\.project=(.+)$/.exec(f)?.[1],
  );
  const template = values.get('--format')?.[0] ?? '{{.Names}} {{.Status}}';
  for (const container of engine.containers.values()) {
    if (filters.some((project) => project !== container.spec.project)) continue;
    if (!container.running && !flags.has('-a')) continue;
    call.out(`${formatted(template, container)}\n`);
  }
  return 0;
};

const asJson = (container: Container): string =>
  JSON.stringify({
    ID: container.id,
    Service: container.spec.service,
    Project: container.spec.project,
    Image: container.spec.image,
    State: container.running ? 'running' : 'exited',
    Status: container.status,
    Health: container.health === 'none' ? '' : container.health,
  });

const logs = (engine: Engine, project: ComposeProject, options: Options, call: Call): number => {
  const lines = Number(options.values.get('--tail')?.[0] ?? 100);
  for (const container of engine.of(project.name)) {
    const { service } = container.spec;
    if (options.rest.length > 0 && !options.rest.includes(service)) continue;
    let text = '';
    try {
      text = readFileSync(container.log, 'utf8');
    } catch {
      // It has said nothing yet.
    }
    for (const line of text.trimEnd().split('\n').slice(-lines)) call.out(`${service}-1  | ${line}\n`);
  }
  return 0;
};

const composeCommand = async (
  engine: Engine,
  project: ComposeProject,
  args: readonly string[],
  call: Call,
): Promise<number> => {
  const [name = '', ...rest] = args;
  const options = parseOptions(rest, name === 'exec');
  switch (name) {
    case 'config':
      if (!options.flags.has('--quiet') && !options.flags.has('-q')) call.out(stringify(project.filled));
      return 0;
    case 'pull':
      engine.pull(project);
      return 0;
    case 'up':
      if (!options.flags.has('-d')) return unknown('compose up without -d');
      for (const line of await engine.up(project, options.flags.has('--remove-orphans')))
        call.err(` ${line}\n`);
      return 0;
    case 'stop':
      await engine.stop(project.name, options.rest);
      return 0;
    case 'down':
      await engine.down(project.name);
      return 0;
    case 'ps':
      for (const container of engine.of(project.name))
        if (options.flags.has('-a') || container.running)
          call.out(`${options.flags.has('-q') ? container.id : asJson(container)}\n`);
      return 0;
    case 'logs':
      return logs(engine, project, options, call);
    case 'exec': {
      const [service = '', ...command] = options.rest;
      const container = engine.find(project.name, service);
      if (container?.running !== true) throw new DockerError(`service "${service}" is not running`);
      return container.exec(command, (from, text) => call[from](text));
    }
    default:
      return unknown(`compose ${name}`);
  }
};

const compose = (engine: Engine, args: readonly string[], call: Call): Promise<number> | number => {
  if (args[0] === 'version') {
    call.out('Docker Compose version v2 (sandbox)\n');
    return 0;
  }
  const { values, rest } = parseOptions(args, true);
  const directory = values.get('--project-directory')?.[0] ?? call.cwd;
  const file = values.get('-f')?.at(-1) ?? values.get('--file')?.at(-1) ?? 'compose.yaml';
  const at = (path: string): string => resolve(call.cwd, path);
  const project = readCompose(
    values.has('-f') ? at(file) : resolve(directory, file),
    (values.get('--env-file') ?? []).map(at),
  );
  const profiles = values.get('--profile') ?? [];
  const services = project.services.filter(
    (s) => s.profiles.length === 0 || s.profiles.some((p) => profiles.includes(p)),
  );
  return composeCommand(engine, { ...project, services }, rest, call);
};

const inspect = (engine: Engine, args: readonly string[], call: Call): number => {
  const { rest, values } = parseOptions(
    args.map((a) => (a === '-f' ? '--format' : a)),
    false,
  );
  for (const name of rest) {
    const found = [...engine.containers.values()].find(
      (c) => c.id === name || `${c.spec.project}-${c.spec.service}-1` === name,
    );
    if (found === undefined) throw new DockerError(`Error: No such object: ${name}`);
    call.out(`${formatted(values.get('--format')?.[0] ?? '{{.State.Status}}', found)}\n`);
  }
  return 0;
};

/** `docker …` on a sandbox host: what of it is used. Resolves to the exit code. */
export const docker = async (engine: Engine, call: Call): Promise<number> => {
  const [command = '', ...args] = call.args;
  try {
    switch (command) {
      case 'compose':
        return await compose(engine, args, call);
      case 'ps':
        return ps(engine, parseOptions(args, false), call);
      case 'info':
      case 'version':
        call.out('Server Version: sandbox\n');
        return 0;
      case 'inspect':
        return inspect(engine, args, call);
      case 'image':
        if (args[0] !== 'inspect') return unknown(`image ${args[0] ?? ''}`);
        if (engine.hasImage(args[1] ?? '')) return 0;
        throw new DockerError(`Error: No such image: ${args[1] ?? ''}`);
      default:
        return unknown(command);
    }
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    call.err(`${error.message}\n`);
    return 1;
  }
};
