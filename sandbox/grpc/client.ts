import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { refused } from '../../lib/errors.ts';
import type { Sandbox } from '../client.ts';

const START_MS = 20_000;

/** Port of a sandbox's provider server. Throws (exit 3) when none runs. */
export const grpcPort = (directory: string): number => {
  try {
    return (JSON.parse(readFileSync(join(directory, 'grpc.json'), 'utf8')) as { port: number }).port;
  } catch {
    throw refused(
      'the sandbox serves no providers for the real engine',
      'sluice sandbox down, then sluice sandbox up',
    );
  }
};

/** Starts the provider server beside a detached sandbox; it ends soon after the sandbox. */
export const startGrpc = async (sandbox: Sandbox): Promise<number> => {
  const { directory } = sandbox;
  rmSync(join(directory, 'grpc.json'), { force: true });
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, '--directory', directory], {
    stdio: 'ignore',
    detached: true,
  });
  child.unref();
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline && child.exitCode === null) {
    await delay(50);
    try {
      return grpcPort(directory);
    } catch {
      // Not written yet.
    }
  }
  throw refused(
    'the provider server of the sandbox did not start',
    'sluice sandbox down, then sluice sandbox up',
  );
};
