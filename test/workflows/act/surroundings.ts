import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PINS } from '../../../workflows/pins.ts';

/** What jobs find around them in place of GitHub's: a repository, an `npm`, actions. */

const ROOT = join(import.meta.dirname, '../../..');

/** The `npm` of this machine. */
const ownNpm = (): string => execFileSync('which', ['npm']).toString().trim();

/** Puts it there. What is installed for the tests is what `npm ci` would install; what is known about it is asked elsewhere. */
export const standInForNpm = (bin: string): void => {
  mkdirSync(bin, { recursive: true });
  const npm = `#!/bin/sh\nif [ "$1" = ci ]; then ln -sfn '${join(ROOT, 'node_modules')}' node_modules; elif [ "$1" = audit ]; then echo 'found 0 vulnerabilities'; elif [ "$1" = run ]; then exec '${ownNpm()}' "$@"; else echo "no npm $1 here" >&2; exit 1; fi\n`;
  writeFileSync(join(bin, 'npm'), npm);
  chmodSync(join(bin, 'npm'), 0o755);
};

/** This repository as a clone has it, with an example's stack files in the place of its own. */
export const copyRepository = (repository: string, example: string): void => {
  mkdirSync(repository, { recursive: true });
  const listed = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const files = execFileSync('git', ['-C', ROOT, ...listed])
    .toString()
    .split('\0')
    .filter((f) => f !== '' && !/^(bench|docs|test)\//.test(f) && existsSync(join(ROOT, f)));
  const packed = execFileSync('tar', ['c', '-C', ROOT, '--null', '-T', '-'], {
    input: files.join('\0'),
    maxBuffer: 1 << 28,
  });
  execFileSync('tar', ['x', '-C', repository], { input: packed });
  symlinkSync(join(ROOT, 'node_modules'), join(repository, 'node_modules'));
  const own = join(repository, 'examples', example);
  for (const file of readdirSync(own).filter((f) => /^Pulumi\.\w+\.yaml$/.test(f)))
    copyFileSync(join(own, file), join(repository, file));
};

/** One folder an action: its name says what it stands for. */
export const standIns = (folder: string): readonly string[] =>
  Object.entries(PINS).flatMap(([action, { commit }]) => {
    const directory = join(folder, 'actions', action.replace('/', '-'));
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'action.yml'), `name: ${action}\nruns: {using: node24, main: main.mjs}\n`);
    writeFileSync(
      join(directory, 'main.mjs'),
      `import { act } from ${JSON.stringify(join(import.meta.dirname, 'stand-in.mjs'))};\nact('${action}');\n`,
    );
    return ['--local-repository', `${action}@${commit}=${directory}`];
  });
