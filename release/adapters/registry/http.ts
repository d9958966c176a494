import { createHash } from 'node:crypto';
import { messageOf, refused } from '../../../lib/errors.ts';
import { Passing, request, retrying } from '../retry.ts';
import type { Login, Logins } from './login.ts';
import type { Repository } from './reference.ts';

/** An index of several platforms first: its digest is the one that every platform can pull. */
const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');
const TIMEOUT_MS = 10_000;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

const isLoopback = (host: string): boolean => /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?$/.test(host);

/** `Bearer realm="…",service="…",scope="…"` → its parts; undefined for another scheme. */
export const parseChallenge = (header: string | null): Record<string, string> | undefined => {
  const [, scheme, rest = ''] = /^(\w+)\s+(.*)$/.exec(header ?? '') ?? [];
  if (scheme?.toLowerCase() !== 'bearer') return undefined;
  return Object.fromEntries([...rest.matchAll(/(\w+)="([^"]*)"/g)].map((m) => [m[1] ?? '', m[2] ?? '']));
};

const basic = ({ username, password }: Login): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/** A short-lived token that may read one repository, as the registry's challenge asks for it. */
const tokenFor = async (
  challenge: Readonly<Record<string, string>>,
  repository: Repository,
  login: Login | undefined,
): Promise<string | undefined> => {
  const realm = new URL(challenge['realm'] ?? 'missing:');
  // The login goes to the address that the registry names: never in clear but on this machine.
  if (realm.protocol !== 'https:' && !isLoopback(realm.host))
    throw refused(`registry ${repository.host} asks for logins at ${realm.origin}, which is not encrypted`);
  if (challenge['service'] !== undefined) realm.searchParams.set('service', challenge['service']);
  realm.searchParams.set('scope', challenge['scope'] ?? `repository:${repository.path}:pull`);
  const headers = login === undefined ? {} : { authorization: basic(login) };
  const response = await request(realm.href, { headers }, TIMEOUT_MS);
  if (!response.ok) {
    await response.body?.cancel();
    return undefined;
  }
  const answer = (await response.json()) as { token?: unknown; access_token?: unknown };
  const token = answer.token ?? answer.access_token;
  return typeof token === 'string' ? token : undefined;
};

const authorisationFor = async (
  challenge: string | null,
  repository: Repository,
  login: Login | undefined,
): Promise<string | undefined> => {
  const asked = parseChallenge(challenge);
  if (asked === undefined) return login === undefined ? undefined : basic(login);
  const token = await tokenFor(asked, repository, login);
  return token === undefined ? undefined : `Bearer ${token}`;
};

const digestOf = async (response: Response): Promise<string> => {
  const named = response.headers.get('docker-content-digest');
  const body = Buffer.from(await response.arrayBuffer());
  const digest = named ?? `sha256:${createHash('sha256').update(body).digest('hex')}`;
  if (DIGEST.test(digest)) return digest;
  throw refused(`the registry names an image by ${digest}, which is no sha256 digest`);
};

/** Digest of a tag by the registry's HTTP API; undefined when there is no such image. */
export const findByHttp = async (
  repository: Repository,
  tag: string,
  logins: Logins,
): Promise<string | undefined> => {
  const { host, path } = repository;
  const url = `${isLoopback(host) ? 'http' : 'https'}://${host}/v2/${path}/manifests/${encodeURIComponent(tag)}`;
  const ask = (method: string, authorization?: string): Promise<Response> =>
    request(
      url,
      { method, headers: { accept: MANIFESTS, ...(authorization === undefined ? {} : { authorization }) } },
      TIMEOUT_MS,
    );
  const find = async (): Promise<string | undefined> => {
    // HEAD first: Docker Hub counts every GET of a manifest as a pull.
    let authorization: string | undefined;
    let response = await ask('HEAD');
    if (response.status === 401) {
      authorization = await authorisationFor(
        response.headers.get('www-authenticate'),
        repository,
        await logins(host),
      );
      response = await ask('HEAD', authorization);
    }
    if (response.ok && response.headers.get('docker-content-digest') === null)
      response = await ask('GET', authorization);
    if (response.status === 404) return undefined;
    if (response.ok) return digestOf(response);
    throw refused(
      `registry ${host} answered ${response.status} for ${path}:${tag}`,
      `does the repository exist, and may this login read it? docker login ${host}`,
    );
  };
  try {
    return await retrying(find);
  } catch (error) {
    if (!(error instanceof Passing)) throw error;
    throw refused(
      `registry ${host} cannot be asked for ${path}:${tag}: ${messageOf(error)}`,
      'try again',
      error,
    );
  }
};
