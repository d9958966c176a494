import { compareVersions, readVersion } from '../../config/version.ts';
import { EXIT, messageOf, type ExitCode } from '../../lib/errors.ts';
import { PINS, type Pin } from '../../workflows/pins.ts';
import type { Printer } from '../print.ts';

const TIMEOUT_MS = 10_000;
const API = 'https://api.github.com';

/** What is newest of an action: version and commit, or why that cannot be told. */
export type Newest = { readonly version: string; readonly commit: string } | { readonly unknown: string };

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

const ask = async (url: string, fetcher: Fetch): Promise<Record<string, unknown>> => {
  const token = process.env['GITHUB_TOKEN'];
  const response = await fetcher(url, {
    headers: {
      accept: 'application/vnd.github+json',
      'user-agent': 'sluice',
      ...(token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` }),
    },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status === 403 || response.status === 429)
    throw new Error('asked too often (GITHUB_TOKEN in the environment allows more)');
  if (!response.ok) throw new Error(`answered ${response.status}`);
  return (await response.json()) as Record<string, unknown>;
};

/** The newest release's commit: what its tag leads to in the end, not the object of an annotated tag. */
export const newestOf = async (
  action: string,
  fetcher: Fetch = fetch,
  api: string = API,
): Promise<Newest> => {
  const repository = action.split('/').slice(0, 2).join('/');
  try {
    const { tag_name: version } = await ask(`${api}/repos/${repository}/releases/latest`, fetcher);
    if (typeof version !== 'string') return { unknown: 'has no release' };
    const { sha } = await ask(`${api}/repos/${repository}/commits/${encodeURIComponent(version)}`, fetcher);
    return typeof sha === 'string' && /^[0-9a-f]{40}$/.test(sha)
      ? { version, commit: sha }
      : { unknown: `${version} leads to no commit` };
  } catch (error) {
    return { unknown: messageOf(error) };
  }
};

const told = (pin: Pin, newest: Newest): string => {
  if ('unknown' in newest) return `newest not known: ${newest.unknown}`;
  const [have, there] = [readVersion(pin.version), readVersion(newest.version)];
  if (newest.version === pin.version)
    return newest.commit === pin.commit
      ? 'up to date'
      : `ATTENTION: ${pin.version} leads to ${newest.commit} now; the tag was moved, or the pin is wrong`;
  if (have !== undefined && there !== undefined && compareVersions(there, have) <= 0) return 'up to date';
  return `newer: ${newest.version} ${newest.commit}`;
};

/** Lists the pins beside what is newest. Never fails for a network that is not there: it says so. */
export const showPins = async (print: Printer, fetcher: Fetch = fetch): Promise<ExitCode> => {
  const rows = await Promise.all(
    Object.entries<Pin>(PINS).map(async ([action, pin]) => ({
      action,
      pin,
      newest: await newestOf(action, fetcher),
    })),
  );
  const width = Math.max(...rows.map((r) => r.action.length));
  for (const { action, pin, newest } of rows)
    print.result(
      'pin',
      { action, ...pin, newest },
      `${action.padEnd(width)}  ${pin.version.padEnd(8)} ${pin.commit}  ${told(pin, newest)}`,
    );
  if (rows.every((r) => 'unknown' in r.newest))
    print.event(
      'note',
      { reachable: false },
      'GitHub could not be asked: nothing is known about newer versions',
    );
  else if (rows.some((r) => !('unknown' in r.newest) && r.newest.commit !== r.pin.commit))
    print.event(
      'note',
      {},
      'to take one: change workflows/pins.ts, read its release notes, sluice workflows render',
    );
  return EXIT.done;
};
