import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import type { Told } from './command-line.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const FOLDERS = ['cli', 'components', 'config', 'examples', 'infra', 'lib', 'release', 'sandbox'];
const FILES = ['package.json', 'Pulumi.yaml', 'Pulumi.production.yaml', 'Pulumi.staging.yaml'];

/** The project in a folder of its own, where a person has edited its stack files. */
export class Clone {
  readonly root = mkdtempSync(join(tmpdir(), 'sluice-clone-'));

  constructor() {
    for (const name of [...FOLDERS, ...FILES])
      cpSync(join(ROOT, name), join(this.root, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(this.root, 'node_modules'));
  }

  /** Writes the production stack’s file anew: as it is in the project, with these values of `config` set. */
  edit(values: readonly (readonly [path: readonly (string | number)[], value: unknown])[]): void {
    const document = parseDocument(readFileSync(join(ROOT, 'Pulumi.production.yaml'), 'utf8'));
    for (const [path, value] of values) {
      if (value === undefined) document.deleteIn(['config', ...path]);
      else document.setIn(['config', ...path], document.createNode(value));
    }
    writeFileSync(join(this.root, 'Pulumi.production.yaml'), document.toString());
  }

  /** Runs a command of the clone to its end. */
  sluice(...args: readonly string[]): Promise<Told> {
    const environment: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1' };
    for (const name of Object.keys(environment))
      if (/^(PULUMI_|SLUICE_)/.test(name)) delete environment[name];
    const child = spawn(process.execPath, [join(this.root, 'cli', 'sluice.js'), ...args], {
      cwd: this.root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environment,
    });
    const told = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      told.out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      told.err += chunk.toString();
    });
    return new Promise((done, fail) => {
      child.once('error', fail);
      child.once('close', (code) => done({ code: code ?? -1, ...told }));
    });
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
