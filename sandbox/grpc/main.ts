/**
 * The provider server as a process of its own: the daemon must not load Pulumi.
 *
 *     node sandbox/grpc/main.ts --directory DIR
 *
 * Finds the daemon in DIR, writes its port into DIR/grpc.json, and ends soon after the daemon does.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connectSandbox } from '../client.ts';
import { serveProvider } from './server.ts';

const { values } = parseArgs({ options: { directory: { type: 'string' } } });
if (values.directory === undefined) throw new Error('--directory is missing');
const sandbox = await connectSandbox(values.directory);
const server = await serveProvider(sandbox.provider, '7.48.0');
const file = join(values.directory, 'grpc.json');
writeFileSync(file, JSON.stringify({ port: server.port, pid: process.pid }));

const alive = async (): Promise<boolean> => {
  try {
    await sandbox.call('GET', '/ready');
    return true;
  } catch {
    return false;
  }
};
while (await alive()) await delay(500);
rmSync(file, { force: true });
server.close();
process.exit(0);
