import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sandboxSecrets } from '../../sandbox/adapters/secrets.ts';
import { connectSandbox, type Sandbox } from '../../sandbox/client.ts';
import { Clone } from '../support/clone.ts';
import { leaksIn, namesIn } from '../support/leaks.ts';

const PREVIEW_KEY = 'planted-preview-key/+ö-0815';
const DOCKER = 'planted docker "password" & 1234';

/** A terminal in a fresh clone: one shell, so that what `eval` sets stays set. Every question is answered with yes. */
class Terminal {
  readonly #clone: Clone;
  readonly #shell: ChildProcessWithoutNullStreams;
  #said = '';

  constructor(clone: Clone) {
    this.#clone = clone;
    const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1', PULUMI_SKIP_CONFIRMATIONS: 'true' };
    for (const name of Object.keys(env)) if (/^(PULUMI_(?!SKIP_CONF)|SLUICE_)/.test(name)) delete env[name];
    this.#shell = spawn('bash', ['--norc'], { cwd: clone.root, env, stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.#shell.stdout, this.#shell.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
  }

  /** Runs a line as it is written; resolves to what it printed, throws that when it fails. */
  async type(line: string): Promise<string> {
    const from = this.#said.length;
    this.#shell.stdin.write(`{ ${line}\n} 2>&1; echo "::ended $?"\n`);
    await expect
      .poll(() => this.#said.slice(from), { timeout: 150_000, interval: 20 })
      .toMatch(/::ended \d+\n/);
    const [printed = '', code = ''] = this.#said.slice(from).split('::ended ');
    if (code.trim() !== '0') throw new Error(`${line} ended with ${code}${printed}`);
    return printed;
  }

  /** The same, for what is meant to show a secret: it is no part of what the terminal said. */
  async secretly(line: string): Promise<string> {
    const printed = await this.type(line);
    this.#said = this.#said.replace(printed, '');
    return printed;
  }

  get said(): string {
    return this.#said;
  }

  close(): void {
    this.#shell.kill();
    this.#clone.remove();
  }
}

let clone: Clone;
let terminal: Terminal;
let sandbox: Sandbox | undefined;
beforeAll(() => {
  clone = new Clone();
  // Nobody uses this cloud: it is asked for health at once, and stages are short. All else is the repository's.
  for (const stack of ['staging', 'production']) {
    const file = join(clone.root, `Pulumi.${stack}.yaml`);
    const text = readFileSync(file, 'utf8').replaceAll(
      /(interval|timeout|startDelay): 10 seconds/g,
      '$1: 1 second',
    );
    writeFileSync(file, text.replaceAll(/bake: \d+ minutes/g, 'bake: 1 second'));
  }
  terminal = new Terminal(clone);
});
afterAll(async () => {
  await sandbox?.shutdown();
  terminal.close();
});

/** What a person at the terminal would see of a stack: the version that answers, ten times in a row. */
const answers = async (stack: string): Promise<readonly string[]> => {
  const url = (await terminal.type(`pulumi stack output url --stack ${stack} 2>/dev/null`)).trim();
  const asked = Array.from({ length: 10 }, async () => {
    const answer = (await (await fetch(`${url}/api/health`)).json()) as { version: string };
    return answer.version;
  });
  return [...new Set(await Promise.all(asked))];
};

/** Everything secret, by name: what was planted, and what the cloud and the stacks made themselves. */
const secrets = async (cloud: Sandbox): Promise<Record<string, string>> => {
  const store = sandboxSecrets(cloud);
  const reference = await store.describe('PROD_DATABASE_URL');
  if (reference === undefined) throw new Error('no database');
  const { password } = new URL(await store.read(reference));
  const line = 'pulumi stack output previewTokens --show-secrets --json --stack production 2>/dev/null';
  const tokens = JSON.parse(await terminal.secretly(line)) as Record<string, string>;
  return {
    ...Object.fromEntries(Object.entries(tokens).map(([slot, token]) => [`preview token ${slot}`, token])),
    'preview key': PREVIEW_KEY,
    'docker password': DOCKER,
    'database password': decodeURIComponent(password),
    'sandbox token': cloud.token,
    passphrase: (await terminal.secretly('echo "$PULUMI_CONFIG_PASSPHRASE"')).trim(),
  };
};

/** Files whose purpose is to hold a secret, the database itself, and the clone without what ran in it. */
const isSource = (path: string): boolean =>
  !/^(\.sluice\/|Pulumi\.)/.test(path) || /\/(postgres\/|daemon\.json$|passphrase$)/.test(path);

test('every command of the list, word for word; afterwards nothing tells a secret', async () => {
  await terminal.type('npx sluice sandbox up');
  await terminal.type('eval "$(npx sluice sandbox env)"');
  sandbox = await connectSandbox(join(clone.root, '.sluice/sandbox'));
  await sandboxSecrets(sandbox).put('DOCKER_PASSWORD', DOCKER);

  await terminal.type('pulumi stack select --create staging');
  expect(await terminal.type('pulumi up --stack staging')).toMatch(/\+ \d+ created/);
  expect(await answers('staging')).toEqual(['1.0.0']);
  await terminal.type('pulumi config set sluice:version v2.0.0 --stack staging && pulumi up --stack staging');
  expect(await answers('staging')).toEqual(['2.0.0']);

  await terminal.type('pulumi stack init production');
  await terminal.type(`pulumi config set --secret sluice:previewKey '${PREVIEW_KEY}' --stack production`);
  const production = await terminal.type(
    'pulumi stack select --create production && pulumi up --stack production && pulumi preview --stack production',
  );
  // The second one announces nothing: what the first update brought in is carried on.
  expect(production.slice(production.indexOf('Previewing', production.indexOf('created')))).toMatch(
    /Resources:\s+\d+ unchanged/,
  );
  expect(await answers('production')).toEqual(['1.0.0']);
  const before = await secrets(sandbox);

  const deployed = await terminal.type('npx sluice deploy --stack production --version v2.0.0');
  expect(deployed).toContain('canary: weights read back');
  expect(await answers('production')).toEqual(['2.0.0']);
  const during = await secrets(sandbox);

  // A provider that tells a secret in its error, once: the update that records the rollback is tried again.
  const told = `cannot reach postgres://azora:${before['database password'] ?? ''}@10.0.0.1; PASSWORD=${DOCKER}`;
  const urn = '*::routing-auth-service';
  await sandbox.call('POST', '/faults', { kind: 'resource', on: 'update', urn, fail: told });
  const back = await terminal.type('npx sluice rollback --stack production --reason "performance issue"');
  expect(back).toContain('cannot reach');
  expect(await answers('production')).toEqual(['1.0.0']);

  const history = JSON.parse(
    await terminal.type('pulumi stack history --stack production --json --page-size 0 2>/dev/null'),
  ) as { message: string; result: string }[];
  // Every step of the release was an update of the stack.
  const serials = history
    .filter((h) => h.result === 'succeeded')
    .map((h) => /^release (\d+)/.exec(h.message)?.[1]);
  expect(serials.slice(0, 7).map(Number)).toEqual([7, 6, 5, 4, 3, 2, 1]);
  await terminal.type('npx sluice preview --stack production --version v2.0.0 && npx sluice history');

  const all = { ...before, ...during, ...(await secrets(sandbox)) };
  const hidden = {
    ...all,
    ...Object.fromEntries(Object.entries(before).map(([k, v]) => [`${k}, before`, v])),
  };
  expect(Object.values(hidden).every((secret) => secret.length >= 8)).toBe(true);
  expect(namesIn(terminal.said, hidden)).toEqual([]);
  const { read, found } = leaksIn(clone.root, hidden, isSource);
  expect(found).toEqual([]);
  // State of two stacks with its backups, history, journals, records, logs, stack files.
  expect(read).toBeGreaterThan(100);
  await terminal.type('npx sluice sandbox down');
}, 400_000);
