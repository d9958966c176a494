import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { overSsh, type SshConnection } from '../../../../release/adapters/hosts/ssh.ts';
import { startSshServer, type SshServer } from '../../../../sandbox/cloud/hosts/ssh-server.ts';

const home = mkdtempSync(join(tmpdir(), 'sluice-ssh-'));
const pair = () => ssh2.utils.generateKeyPairSync('ed25519');
const own = pair();
const user = pair();
const stranger = pair();
let server: SshServer;
let connection: SshConnection;

beforeAll(async () => {
  const nothing = (): void => undefined;
  server = await startSshServer({
    hostKey: own.private,
    authorized: user.public,
    user: 'deploy',
    home,
    environment: { PATH: process.env['PATH'] ?? '' },
    reaper: {
      adopt: nothing,
      release: nothing,
      removeLater: nothing,
      keep: nothing,
      close: () => Promise.resolve(),
    },
  });
  connection = {
    host: '127.0.0.1',
    port: server.port,
    user: 'deploy',
    privateKey: user.private,
    hostKey: own.public,
    timeoutMs: 5_000,
  };
});
afterAll(async () => {
  await server.close();
  rmSync(home, { recursive: true, force: true });
});

test('a command runs there: its input, both outputs, its exit code', async () => {
  const seen: string[] = [];
  const result = await overSsh(connection, {
    command: 'cat; echo wrong >&2; exit 4',
    stdin: 'given',
    onOutput: (from, text) => seen.push(`${from} ${text.trim()}`),
  });
  expect(result).toEqual({ code: 4, stdout: 'given', stderr: 'wrong\n' });
  expect(seen.sort()).toEqual(['stderr wrong', 'stdout given']);
});

test('a host that shows another key is told nothing', async () => {
  await expect(overSsh({ ...connection, hostKey: stranger.public }, { command: 'true' })).rejects.toThrow(
    /deploy@127\.0\.0\.1:\d+ cannot be reached over SSH: the host shows another key than the one configured/,
  );
});

test('a key that the host does not know, a port where nothing listens, a name that nobody knows, a key that is none', async () => {
  const fails = (over: Partial<SshConnection>) =>
    expect(overSsh({ ...connection, ...over }, { command: 'true' })).rejects;
  await fails({ privateKey: stranger.private }).toThrow(/the key was refused/);
  await fails({ port: 1 }).toThrow(/nothing listens on port 1/);
  await fails({ host: 'no-such-host.invalid' }).toThrow(/no host is named no-such-host\.invalid/);
  await fails({ privateKey: 'no key' }).toThrow(/the private key cannot be read/);
});

test('a connection that is cut while a command runs', async () => {
  const running = overSsh(connection, {
    command: 'echo started; sleep 5',
    onOutput: () => server.cut(false),
  });
  await expect(running).rejects.toThrow(
    /the connection to deploy@127\.0\.0\.1:\d+ was lost while a command ran/,
  );
});
