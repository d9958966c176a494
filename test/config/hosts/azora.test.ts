import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readStackConfig } from '../../../cli/session/stack-config.ts';
import { composeFile } from '../../../config/hosts/compose.ts';
import { freeze } from '../../../release/core/freeze.ts';

const folder = fileURLToPath(new URL('../../../examples/azora-hosts', import.meta.url));

test.each([
  ['staging', 'STAGING_KEY', 'rolling'],
  ['production', 'PROD_KEY', 'canary'],
])(
  'Azora on the host of %s: the same four services by compose, with the documents’ key %s',
  (stack, key, strategy) => {
    const { app } = readStackConfig(stack, {}, { folder });
    if (app.target.kind !== 'hosts') throw new Error('no hosts');
    expect(app.strategy).toBe(strategy);
    expect(Object.values(app.target.machines).map((m) => m.key)).toEqual([key]);
    const names = Object.keys(readStackConfig(stack).app.services);
    expect(Object.keys(app.services)).toEqual(names);
    const images = Object.fromEntries(
      names.map((s) => [s, `docker.io/azora/${s}@sha256:${'a'.repeat(64)}`] as const),
    );
    const slot = freeze(app, {
      version: 'v1.0.0',
      deployment: '1795000000-abcdefabcdef',
      images,
      secrets: {},
    });
    const { services } = parse(composeFile({ ...app, target: app.target }, slot)) as {
      services: Record<string, { image: string }>;
    };
    expect(Object.keys(services).sort()).toEqual(names.toSorted());
    expect(Object.values(services).every((s) => s.image.startsWith('docker.io/azora/'))).toBe(true);
  },
);
