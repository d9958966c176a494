import { z } from 'zod';
import { badInput } from '../lib/errors.ts';
import type { Problem } from '../lib/errors.ts';
import { DEPLOYMENT_ID } from '../lib/ids.ts';
import { problemsOf } from './problems.ts';
import { REPLICA_LIMIT } from './release.types.ts';
import type { Release, SecretReference } from './release.types.ts';
import { SLOTS } from './types.ts';
import {
  flag,
  list,
  named,
  namePattern,
  nameRule,
  strict,
  text,
  VARIABLE,
  VARIABLE_RULE,
  whole,
} from './app/fields.ts';
import { LIMITS } from './app/limits.ts';
import { readVersion } from './version.ts';

/**
 * A release reaches the program through its environment, which fails in odd ways above about 100 KiB.
 * 60 KiB leaves room for `sluice:app` beside it.
 */
export const RELEASE_SIZE_LIMIT = 60 * 1024;

const string = z.string({ error: 'a text' });
const deployment = text(DEPLOYMENT_ID, '<unix seconds>-<12 hex digits of the commit>');
const version = string.refine((value) => readVersion(value) !== undefined, {
  error: 'is no semantic version',
  params: { allowed: 'v1.2.3 or v2.0.0-rc1' },
});
const serial = whole(0, Number.MAX_SAFE_INTEGER);

/** Without its digest an image is whatever its tag names today, and a rollback may not restore it. */
const image = string.superRefine((value, context) => {
  const at = value.indexOf('@');
  const allowed = 'name@sha256:<64 hex digits>';
  const reason =
    at < 0
      ? 'names no digest'
      : at === 0 || /[\s@]/.test(value.slice(0, at))
        ? 'names no image'
        : digestDefect(value.slice(at + 1));
  if (reason !== undefined) context.addIssue({ code: 'custom', message: reason, params: { allowed } });
});

const digestDefect = (digest: string): string | undefined => {
  if (/^sha256:[0-9a-f]{64}$/.test(digest)) return undefined;
  if (!digest.startsWith('sha256:')) return 'has a digest that is no sha256 digest';
  const hex = digest.slice('sha256:'.length);
  if (/^[0-9a-f]*$/.test(hex)) return `has a digest of ${hex.length} hex digits instead of 64`;
  return 'has a digest that is no digest: it holds more than lower-case hex digits';
};

const secretReference = strict({
  arn: text(/^arn:[a-z-]+:[a-z0-9-]+:\S*$/, 'the ARN of a secret, never its value'),
  version: text(/^\S{1,128}$/, 'the id of the secret’s version'),
});

const frozenFunction = strict({
  runtime: string,
  handler: string,
  architecture: z.enum(['arm64', 'x86_64'], { error: 'arm64, x86_64' }),
  timeout: whole(1, 900_000),
  tests: list(
    strict({ name: string, payload: z.json(), expect: z.exactOptional(z.json()), within: whole(1, 900_000) }),
    'a list of tests',
  ),
});

const frozenService = strict({
  kind: z.enum(['web', 'worker'], { error: 'web, worker' }),
  image,
  cpu: whole(1, 1_048_576),
  memory: whole(1, 1_048_576),
  replicas: whole(0, REPLICA_LIMIT),
  port: whole(0, 65_535),
  paths: list(string, 'a list of path patterns'),
  priority: z.exactOptional(whole(1, 50_000)),
  critical: flag(),
  environment: named(VARIABLE, VARIABLE_RULE, string),
  secrets: named(VARIABLE, VARIABLE_RULE, secretReference),
  health: strict({ path: string, publicPath: string, version: flag() }),
  command: z.exactOptional(list(string, 'a list of words')),
  function: z.exactOptional(frozenFunction),
});

const slot = strict({
  version,
  deployment,
  services: named(namePattern(LIMITS.service), nameRule(LIMITS.service), frozenService),
});

const share = z.number({ error: '0 to 100' }).min(0, { error: '0 to 100' }).max(100, { error: '0 to 100' });

const releaseSchema = strict({
  format: z.literal(1, { error: '1 (a later format needs a later sluice)' }),
  serial,
  replaces: serial.nullable(),
  deployment,
  slots: strict({ blue: z.exactOptional(slot), green: z.exactOptional(slot) }),
  traffic: strict({ blue: share, green: share }),
  maintenance: z.exactOptional(
    strict({ by: z.enum(['release', 'person'], { error: 'release, person' }), deployment }),
  ),
  backup: z.exactOptional(deployment),
  schema: z.exactOptional(strict({ deployment, version })),
}).superRefine((release, context) => {
  const tell = (path: string[], message: string, allowed: string): void =>
    context.addIssue({ code: 'custom', path, message, params: { allowed } });
  const sum = release.traffic.blue + release.traffic.green;
  // 66.6 + 33.4 is not 100 in binary.
  if (Math.abs(sum - 100) > 1e-6 && sum !== 0) {
    tell(
      ['traffic'],
      `the shares sum to ${Number(sum.toFixed(6))}`,
      '100, or 0 before the first release has traffic',
    );
  }
  for (const name of SLOTS) {
    if (release.traffic[name] > 0 && release.slots[name] === undefined) {
      tell(['traffic', name], 'gives traffic to a slot that does not exist', `0, or a slot ${name}`);
    }
  }
  if (release.replaces !== null && release.replaces >= release.serial) {
    tell(
      ['replaces'],
      'is not before the release itself',
      `a serial below ${release.serial}, or null for the first`,
    );
  }
});

/**
 * Reads a release: `sluice:release`, a stack output, or one kept in the record bucket. Throws one bad input (exit 2)
 * with every problem; `path` is what it is called in messages.
 */
export const parseRelease = (value: unknown, path = 'sluice:release'): Release => {
  const parsed = releaseSchema.safeParse(value);
  if (!parsed.success) throw damaged(path, problemsOf(parsed.error.issues, value, path));
  requireReleaseSize(parsed.data, path);
  return parsed.data;
};

/** The same from JSON text; text that is no JSON is a problem like any other. */
export const parseReleaseText = (json: string, path = 'sluice:release'): Release => {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw damaged(path, [{ path, reason: 'is not JSON', got: `${json.length} characters` }]);
  }
  return parseRelease(value, path);
};

const damaged = (path: string, problems: readonly Problem[]): Error =>
  badInput(
    `${path} is not a release that can be applied:`,
    problems,
    'Releases are written by sluice, not by hand: `sluice config at previous` prints one that worked.',
  );

/** Canonical JSON: keys sorted, no white space, so that equal releases are equal texts. */
export const serializeRelease = (release: Release): string => JSON.stringify(sorted(release));

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
};

/** Bytes that a release takes as configuration. */
export const releaseSize = (release: Release): number => bytes(serializeRelease(release));

const bytes = (text: string): number => new TextEncoder().encode(text).length;

/** Throws bad input (exit 2) when a release is too large to be passed to the program: before anything is changed. */
export const requireReleaseSize = (release: Release, path = 'sluice:release'): void => {
  const size = releaseSize(release);
  if (size <= RELEASE_SIZE_LIMIT) return;
  const kib = (n: number): string => `${(n / 1024).toFixed(1)} KiB`;
  throw badInput(
    `${path} is too large to pass to the program:`,
    [
      {
        path,
        reason: `takes ${kib(size)}; most of it: ${largest(release)
          .map((l) => `${l.name} ${kib(l.size)}`)
          .join(', ')}`,
        allowed: `at most ${kib(RELEASE_SIZE_LIMIT)}`,
      },
    ],
    'Give the services fewer environment values, or move settings into a file in the image or into Parameter Store and hand in its name.',
  );
};

/** The services whose copies take most, without naming any value. */
const largest = (release: Release): { name: string; size: number }[] =>
  SLOTS.flatMap((slot) =>
    Object.entries(release.slots[slot]?.services ?? {}).map(([service, frozen]) => ({
      name: `slots.${slot}.services.${service}`,
      size: bytes(JSON.stringify(frozen)),
    })),
  )
    .toSorted((a, b) => b.size - a.size)
    .slice(0, 3);

export type { Release, SecretReference };
