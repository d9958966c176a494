import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseChallenge } from '../../../../release/adapters/registry/http.ts';
import { registryImages } from '../../../../release/adapters/registry/images.ts';
import { dockerLogins } from '../../../../release/adapters/registry/login.ts';
import { parseRepository } from '../../../../release/adapters/registry/reference.ts';
import { imagesContract } from '../../../support/contracts/supply.ts';

const MANIFEST = '{"schemaVersion":2}';
const DIGEST = `sha256:${createHash('sha256').update(MANIFEST).digest('hex')}`;

/** A registry as Docker Hub and GHCR are: a challenge, a token service, manifests by tag. */
class FakeRegistry {
  readonly asked: string[] = [];
  trouble: number[] = [];
  namesDigest = true;
  login: string | undefined;
  host = '';
  #server: Server | undefined;

  async start(): Promise<void> {
    const server = createServer((request, response) => this.#answer(request, response));
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    this.#server = server;
    this.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((closed) => this.#server?.close(closed));
  }
  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', `http://${this.host}`);
    this.asked.push(`${request.method ?? ''} ${url.pathname}`);
    const trouble = this.trouble.shift();
    if (trouble !== undefined) return void response.writeHead(trouble).end();
    if (url.pathname === '/token') {
      const authorization = request.headers.authorization;
      const wanted = this.login === undefined ? undefined : `Basic ${btoa(this.login)}`;
      if (authorization !== wanted) return void response.writeHead(401).end();
      return void response.end(JSON.stringify({ token: `may read ${url.searchParams.get('scope') ?? ''}` }));
    }
    const found = /^\/v2\/(.+)\/manifests\/(.+)$/.exec(url.pathname);
    const scope = `repository:${found?.[1] ?? ''}:pull`;
    if (request.headers.authorization !== `Bearer may read ${scope}`) {
      const challenge = `Bearer realm="http://${this.host}/token",service="registry",scope="${scope}"`;
      return void response.writeHead(401, { 'www-authenticate': challenge }).end();
    }
    if (found?.[1] !== 'azora/auth' || found[2] !== 'v1.2.3') return void response.writeHead(404).end();
    response.writeHead(200, this.namesDigest ? { 'docker-content-digest': DIGEST } : {});
    response.end(request.method === 'HEAD' ? undefined : MANIFEST);
  }
}

const registry = new FakeRegistry();
beforeAll(() => registry.start());
afterAll(() => registry.stop());
beforeEach(() => {
  registry.asked.length = 0;
  registry.trouble = [];
  registry.namesDigest = true;
  registry.login = undefined;
});
const nobody = () => Promise.resolve(undefined);
const images = (logins = nobody as ReturnType<typeof dockerLogins>) =>
  registryImages({ build: undefined, directory: '.', logins });
const repository = () => `${registry.host}/azora/auth`;

imagesContract('the registry API', () =>
  Promise.resolve({
    images: images(),
    repository: repository(),
    tag: 'v1.2.3',
    digest: DIGEST,
    close: () => Promise.resolve(),
  }),
);

describe('an image registry', () => {
  it('is asked without pulling: Docker Hub counts every GET', async () => {
    await images().find(repository(), 'v1.2.3');
    expect(registry.asked).toEqual([
      'HEAD /v2/azora/auth/manifests/v1.2.3',
      'GET /token',
      'HEAD /v2/azora/auth/manifests/v1.2.3',
    ]);
  });

  it('that does not name the digest has it computed from the manifest', async () => {
    registry.namesDigest = false;
    expect(await images().find(repository(), 'v1.2.3')).toBe(`${repository()}@${DIGEST}`);
  });

  it('is asked again when it is busy, and found', async () => {
    registry.trouble = [429, 503];
    expect(await images().find(repository(), 'v1.2.3')).toBe(`${repository()}@${DIGEST}`);
  });

  it('gets the login that docker login left', async () => {
    registry.login = 'ada:planted';
    const folder = mkdtempSync(join(tmpdir(), 'docker-'));
    const auths = { [registry.host]: { auth: btoa('ada:planted') } };
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths }));
    expect(await images(dockerLogins(folder)).find(repository(), 'v1.2.3')).toBe(`${repository()}@${DIGEST}`);
    rmSync(folder, { recursive: true });
  });

  it('that lets nobody in is an error, not a missing image, and shows no password', async () => {
    registry.login = 'ada:planted';
    const wrong = images(() => Promise.resolve({ username: 'ada', password: 'planted-wrong' }));
    await expect(wrong.find(repository(), 'v1.2.3')).rejects.toThrow(
      new RegExp(`registry ${registry.host} answered 401 for azora/auth:v1.2.3`),
    );
    await expect(wrong.find(repository(), 'v1.2.3')).rejects.not.toThrow(/planted/);
  });
});

describe('names of repositories', () => {
  it('are read as Docker reads them', () => {
    expect(parseRepository('azora/auth')).toMatchObject({ host: 'registry-1.docker.io', path: 'azora/auth' });
    expect(parseRepository('docker.io/postgres')).toMatchObject({ path: 'library/postgres' });
    expect(parseRepository('ghcr.io/team/app/api')).toMatchObject({ host: 'ghcr.io', path: 'team/app/api' });
    expect(parseRepository('123456789012.dkr.ecr.eu-central-1.amazonaws.com/azora/auth')).toEqual({
      host: '123456789012.dkr.ecr.eu-central-1.amazonaws.com',
      path: 'azora/auth',
      ecr: { account: '123456789012', region: 'eu-central-1' },
    });
  });

  it('that are none are refused with what is allowed', () => {
    for (const bad of ['', 'Azora/Auth', 'azora/auth:v1', 'azora/../auth', 'https://ghcr.io/a/b'])
      expect(() => parseRepository(bad)).toThrow(/allowed: docker\.io/);
  });

  it('a challenge is read whatever its order', () => {
    expect(parseChallenge('Bearer service="s",realm="https://auth/x"')).toEqual({
      service: 's',
      realm: 'https://auth/x',
    });
    expect(parseChallenge('Basic realm="x"')).toBeUndefined();
  });
});

describe('a build', () => {
  const build = (command: string | undefined) =>
    registryImages({ build: command, directory: tmpdir(), logins: nobody });

  it('runs the configured command with the version and gives its output by line', async () => {
    const lines: string[] = [];
    const command = 'echo "building $VERSION of $REPOSITORIES"; echo "in $(pwd)"; echo careful >&2';
    await build(command).build('v1.2.3', ['ghcr.io/a/x', 'ghcr.io/a/y'], (line) => lines.push(line));
    expect(lines.sort()).toEqual(['building v1.2.3 of ghcr.io/a/x ghcr.io/a/y', 'careful', `in ${tmpdir()}`]);
  });

  it('that fails says so with its last lines and the command to repeat', async () => {
    const failing = build('for i in 1 2 3 4 5 6 7; do echo "line $i"; done; exit 7').build(
      'v1',
      [],
      () => undefined,
    );
    await expect(failing).rejects.toThrow(
      /the build of v1 ended with 7:\nline 3\nline 4\nline 5\nline 6\nline 7$/,
    );
    await expect(failing).rejects.toMatchObject({ hint: expect.stringMatching(/^VERSION=v1 for i/) });
  });

  it('ends with everything it started when it is told to', async () => {
    const stop = new AbortController();
    const startedAt = performance.now();
    const run = build('sleep 60 & echo started; wait').build(
      'v1',
      [],
      () => stop.abort(new Error('enough')),
      stop.signal,
    );
    await expect(run).rejects.toThrow('enough');
    expect(performance.now() - startedAt).toBeLessThan(4_000);
  });

  it('without a command is refused', async () => {
    await expect(build(undefined).build('v1', [], () => undefined)).rejects.toThrow(/are not built here/);
  });
});
