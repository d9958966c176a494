#!/usr/bin/env node
// Starts the command line under a Node that runs TypeScript by itself: this one, or the one npm installed beside
// the project. Plain JavaScript for old Nodes, so that they get a sentence instead of a syntax error.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const enough = major > 22 || (major === 22 && minor >= 18);

if (enough) {
  // Compiled code is kept beside the packages, where nobody else writes: a second start takes two thirds of the time.
  const directory = join(root, 'node_modules', '.cache', 'compiled');
  try {
    // What one checkout compiled serves another one at another path.
    module.enableCompileCache({ directory, portable: true });
  } catch {
    // Before Node 24.12 it takes the folder alone.
    module.enableCompileCache(directory);
  }
  await import('./main.ts');
} else {
  const pinned = join(root, 'node_modules', '.bin', 'node');
  if (!existsSync(pinned)) {
    process.stderr.write(
      `sluice needs Node 22.18 or newer; this is ${process.versions.node} and npm has no pinned Node for ` +
        `${process.platform}-${process.arch}.\nInstall Node 24 (https://nodejs.org) and run this again.\n`,
    );
    process.exit(2);
  }
  const child = spawn(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  // The child decides what an interruption means; this process only waits for it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT') child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? (code ?? 1) : 1);
  });
}
