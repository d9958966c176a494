import type { Slot } from '../release.types.ts';
import type { SlotName, SmokeTest } from '../types.ts';
import type { HostsApp } from './types.ts';

/** Smoke tests as a host runs them itself: where one update deploys, nobody else is there to go back. */

const fits = (pattern: string, path: string): boolean =>
  pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;

/** Port of the host at which a path's service listens in a slot; undefined: none is published for it. */
const portOf = (
  app: HostsApp,
  frozen: Slot,
  slot: SlotName | undefined,
  path: string,
): number | undefined => {
  const [bare = '/'] = path.split('?', 1);
  const found = Object.entries(frozen.services)
    .flatMap(([service, { paths }]) => paths.map((pattern) => ({ service, pattern })))
    .filter(({ pattern }) => fits(pattern, bare))
    .toSorted((a, b) => b.pattern.length - a.pattern.length)[0];
  const container = found === undefined ? undefined : app.target.services[found.service];
  return slot === 'green' ? container?.publishGreen : container?.publish;
};

/** A value in curl's own configuration file. */
const quoted = (value: string): string =>
  `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;

/** What `curl --config` reads. */
const asked = (test: SmokeTest, port: number): string =>
  [
    `url = ${quoted(`http://127.0.0.1:${port}${test.path}`)}`,
    // curl waits for a body after a HEAD that it was not told of.
    test.method === 'HEAD' ? 'head' : `request = ${quoted(test.method)}`,
    ...Object.entries(test.headers).map(([name, value]) => `header = ${quoted(`${name}: ${value}`)}`),
    ...(test.body === undefined ? [] : [`data-binary = ${quoted(test.body)}`]),
    `max-time = ${test.within / 1000}`,
  ].join('\n');

/**
 * Files of a release: the list of its smoke tests, what each asks for, and what each answer must contain. The list is
 * empty where the engine walks through the release: it asks by the way that users come.
 */
export const smokeFiles = (
  app: HostsApp,
  frozen: Slot,
  slot: SlotName | undefined,
): Record<string, string> => {
  const { tests, onFailure } = app.smoke;
  const files: Record<string, string> = {};
  const rows: string[] = [];
  for (const [i, test] of (app.rollout === 'direct' ? tests : []).entries()) {
    const port = portOf(app, frozen, slot, test.path);
    if (port === undefined) continue;
    const level = test.critical && onFailure === 'rollback' ? 'critical' : 'advisory';
    rows.push(`${i} ${level} ${test.status.join(',')} ${test.name}\n`);
    files[`smoke.${i}`] = asked(test, port);
    if (test.contains !== undefined) files[`smoke.${i}.contains`] = test.contains;
  }
  return { smoke: rows.join(''), ...files };
};
