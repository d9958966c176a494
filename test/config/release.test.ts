import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseRelease,
  parseReleaseText,
  RELEASE_SIZE_LIMIT,
  releaseSize,
  requireReleaseSize,
  serializeRelease,
} from '../../config/release.ts';
import type { FrozenService, Release, Slot } from '../../config/release.types.ts';
import { ExpectedError } from '../../lib/errors.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const ID = '1732010000-abc123def456';

const service = (more: Partial<FrozenService> = {}): FrozenService => ({
  kind: 'web',
  image: `docker.io/azora/api@${DIGEST}`,
  cpu: 1024,
  memory: 2048,
  replicas: 2,
  port: 3000,
  paths: ['/api/*'],
  critical: true,
  environment: { NODE_ENV: 'production' },
  secrets: {
    DATABASE_URL: { arn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-a1b2', version: 'v-1' },
  },
  health: { path: '/health', publicPath: '/api/health', version: true },
  ...more,
});
const slot = (version = 'v1.0.0', more: Partial<FrozenService> = {}): Slot => ({
  version,
  deployment: ID,
  services: { api: service(more) },
});
const release = (more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  format: 1,
  serial: 3,
  replaces: 2,
  deployment: ID,
  slots: { blue: slot(), green: slot('v2.0.0-rc1') },
  traffic: { blue: 95, green: 5 },
  ...more,
});

const problems = (value: unknown): string[] => {
  try {
    parseRelease(value);
    return [];
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    expect(error.exit).toBe(2);
    return error.problems.map((p) => `${p.path.replace(/^sluice:release\.?/, '')}: ${p.reason}`);
  }
};
const withImage = (image: string): unknown =>
  release({ slots: { blue: slot('v1.0.0', { image }) }, traffic: { blue: 100, green: 0 } });

describe('a release', () => {
  it.each([
    ['during a canary', release()],
    [
      'before anything has traffic',
      release({ serial: 0, replaces: null, slots: {}, traffic: { blue: 0, green: 0 } }),
    ],
    ['with shares that binary cannot sum', release({ traffic: { blue: 66.7, green: 33.3 } })],
    ['with backup and schema', release({ backup: ID, schema: { deployment: ID, version: 'v2.0.0' } })],
    [
      'with a worker',
      release({
        slots: { blue: slot('v1.0.0', { kind: 'worker', paths: [], port: 0, command: ['node', 'w.js'] }) },
        traffic: { blue: 100, green: 0 },
      }),
    ],
  ])('%s is read', (_, value) => {
    expect(parseRelease(value)).toEqual(value);
  });

  it.each<[string, unknown, string[]]>([
    ['is no map', 'v2.0.0', [': is not a map of settings']],
    ['is of a later format', release({ format: 2 }), ['format: is not one of the allowed values']],
    ['has an unknown key', release({ trafic: {} }), [': unknown key `trafic`; did you mean `traffic`?']],
    ['has a serial that is none', release({ serial: 1.5 }), ['serial: is not a whole number']],
    [
      'replaces what comes after it',
      release({ replaces: 3 }),
      ['replaces: is not before the release itself'],
    ],
    [
      'has shares that sum to 105',
      release({ traffic: { blue: 100, green: 5 } }),
      ['traffic: the shares sum to 105'],
    ],
    [
      'has shares that sum to 50',
      release({ traffic: { blue: 45, green: 5 } }),
      ['traffic: the shares sum to 50'],
    ],
    [
      'has a negative share',
      release({ traffic: { blue: 101, green: -1 } }),
      ['traffic.blue: is too large', 'traffic.green: is too small'],
    ],
    [
      'gives traffic to no slot',
      release({ slots: { blue: slot() } }),
      ['traffic.green: gives traffic to a slot that does not exist'],
    ],
    [
      'has a third slot',
      release({ slots: { blue: slot(), green: slot(), red: slot() } }),
      ['slots: unknown key `red`'],
    ],
    [
      'has a version that is none',
      release({ slots: { blue: slot('latest') }, traffic: { blue: 100, green: 0 } }),
      ['slots.blue.version: is no semantic version'],
    ],
    ['has a deployment that is none', release({ deployment: 'mine' }), ['deployment: is not well formed']],
    [
      'names no digest',
      withImage('docker.io/azora/api:v1.0.0'),
      ['slots.blue.services.api.image: names no digest'],
    ],
    ['names no image', withImage(`@${DIGEST}`), ['slots.blue.services.api.image: names no image']],
    [
      'has a short digest',
      withImage('azora/api@sha256:abc123'),
      ['slots.blue.services.api.image: has a digest of 6 hex digits instead of 64'],
    ],
    [
      'has a digest that is no digest',
      withImage(`azora/api@sha256:${'z'.repeat(64)}`),
      [
        'slots.blue.services.api.image: has a digest that is no digest: it holds more than lower-case hex digits',
      ],
    ],
    [
      'has another kind of digest',
      withImage('azora/api@md5:abc'),
      ['slots.blue.services.api.image: has a digest that is no sha256 digest'],
    ],
  ])('that %s is refused', (_, value, expected) => {
    expect(problems(value)).toEqual(expected);
  });

  it('never takes a secret’s value, nor repeats it', () => {
    const secrets = { DATABASE_URL: 'postgres://me:hunter2@db/x' };
    const value = release({ slots: { blue: { ...slot(), services: { api: { ...service(), secrets } } } } });
    expect(() => parseRelease(value)).toThrow(/secrets\.DATABASE_URL: is not a map of settings/);
    expect(() => parseRelease(value)).not.toThrow(/hunter2/);
  });

  it('that is damaged text says so', () => {
    expect(() => parseReleaseText('{"format":1,', 'record bucket: releases/3.json')).toThrow(
      /^record bucket: releases\/3\.json is not a release that can be applied:\n.*is not JSON \(got 12 characters\)/,
    );
  });
});

describe('the text of a release', () => {
  it('is the same for equal releases, whatever the order of their keys', () => {
    const a = parseRelease(release());
    const shuffled = Object.fromEntries(Object.entries(a).toReversed());
    expect(serializeRelease(parseRelease(shuffled))).toBe(serializeRelease(a));
    expect(serializeRelease(a)).toMatch(/^\{"deployment":".*","format":1,/);
  });

  it('is read back as it was', () => {
    const version = fc
      .tuple(fc.nat(99), fc.nat(99), fc.constantFrom('', '-rc1', '-alpha.2'))
      .map(([a, b, pre]) => `v${a}.${b}.0${pre}`);
    const id = fc
      .tuple(fc.integer({ min: 1e9, max: 2e9 }), fc.stringMatching(/^[0-9a-f]{12}$/))
      .map(([s, c]) => `${s}-${c}`);
    const frozen = fc.record(
      {
        kind: fc.constantFrom('web' as const, 'worker' as const),
        image: fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `docker.io/azora/x@sha256:${hex}`),
        cpu: fc.constantFrom(256, 1024),
        memory: fc.constantFrom(512, 2048),
        replicas: fc.nat(1000),
        port: fc.nat(65_535),
        paths: fc.array(fc.constantFrom('/a/*', '/b'), { maxLength: 3 }),
        priority: fc.integer({ min: 1, max: 50_000 }),
        critical: fc.boolean(),
        environment: fc.dictionary(fc.stringMatching(/^[A-Z][A-Z_]{0,8}$/), fc.string({ unit: 'grapheme' })),
        secrets: fc.dictionary(
          fc.stringMatching(/^[A-Z][A-Z_]{0,8}$/),
          fc.constant({ arn: 'arn:aws:secretsmanager:x:1:secret:a', version: 'v1' }),
        ),
        health: fc.record({ path: fc.string(), publicPath: fc.string(), version: fc.boolean() }),
        command: fc.array(fc.string()),
      },
      {
        noNullPrototype: true,
        requiredKeys: [
          'kind',
          'image',
          'cpu',
          'memory',
          'replicas',
          'port',
          'paths',
          'critical',
          'environment',
          'secrets',
          'health',
        ],
      },
    );
    const aSlot = fc.record(
      {
        version,
        deployment: id,
        services: fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/), frozen, {
          maxKeys: 4,
          noNullPrototype: true,
        }),
      },
      { noNullPrototype: true },
    );
    const any = fc.record(
      {
        format: fc.constant(1 as const),
        serial: fc.integer({ min: 1, max: 1e6 }),
        replaces: fc.constantFrom(null, 0),
        deployment: id,
        slots: fc.record({ blue: aSlot, green: aSlot }, { noNullPrototype: true }),
        traffic: fc.nat(100).map((green) => ({ blue: 100 - green, green })),
        backup: id,
        schema: fc.record({ deployment: id, version }, { noNullPrototype: true }),
      },
      {
        noNullPrototype: true,
        requiredKeys: ['format', 'serial', 'replaces', 'deployment', 'slots', 'traffic'],
      },
    );
    fc.assert(
      fc.property(any, (value) => {
        expect(parseReleaseText(serializeRelease(value as Release))).toEqual(value);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a release too large to pass', () => {
  const large = (values: number): Release => {
    const environment = Object.fromEntries(
      Array.from({ length: values }, (_, i) => [`SETTING_${i}`, 'ü'.repeat(50)]),
    );
    return parseReleaseUnchecked(environment);
  };
  const parseReleaseUnchecked = (environment: Record<string, string>): Release => ({
    ...parseRelease(release()),
    slots: { blue: slot(), green: slot('v2.0.0', { environment }) },
  });

  it('is measured in bytes', () => {
    const small = parseRelease(release());
    expect(releaseSize(small)).toBe(Buffer.byteLength(serializeRelease(small)));
    expect(releaseSize(large(10))).toBeGreaterThan(10 * 100);
  });

  it('is refused with what takes the room and what to do', () => {
    const value = large(600);
    expect(releaseSize(value)).toBeGreaterThan(RELEASE_SIZE_LIMIT);
    for (const refuse of [() => requireReleaseSize(value), () => parseRelease(value)]) {
      expect(refuse).toThrow(
        /^sluice:release is too large to pass to the program:\n {2}sluice:release: takes \d+\.\d KiB; most of it: slots\.green\.services\.api \d+\.\d KiB.*\(allowed: at most 60\.0 KiB\)$/,
      );
      expect(refuse).toThrow(
        expect.objectContaining({ exit: 2, hint: expect.stringMatching(/fewer environment values/) }),
      );
    }
  });
});
