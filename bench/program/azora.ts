/** Azora's production as the program is given it: before a release, and in the middle of one. */
import { readFileSync } from 'node:fs';
import { parseApp } from '../../config/app.ts';
import type { Release, Slot } from '../../config/release.types.ts';
import { readStackFile } from '../../config/stack-file.ts';
import type { App } from '../../config/types.ts';
import { freeze } from '../../release/core/freeze.ts';

export const STACK = 'production';

/** The configuration of the stack: qualified key → text. */
export const readConfig = (): Record<string, string> => ({
  ...readStackFile(readFileSync(new URL(`../../Pulumi.${STACK}.yaml`, import.meta.url), 'utf8'), 'sluice'),
});

const BLUE = { version: 'v1.0.0', deployment: '1700000001-aaaaaaaaaaaa' } as const;
const GREEN = { version: 'v2.0.0', deployment: '1700000002-bbbbbbbbbbbb' } as const;

/** The application frozen at a version; images and secrets that exist nowhere. */
export const slotOf = (app: App, which: typeof BLUE | typeof GREEN = BLUE): Slot => {
  const names = Object.keys(app.services);
  const images = names.map((name) => [name, `docker.io/azora/${name}@sha256:${'0'.repeat(64)}`] as const);
  const secrets = Object.entries(app.secrets).map(([name, secret]) => {
    const arn = `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${secret}-abcdef`;
    return [name, { arn, version: 'one' }] as const;
  });
  return freeze(app, {
    ...which,
    images: Object.fromEntries(images),
    secrets: Object.fromEntries(secrets),
  });
};

/** The first release, everything in one slot. */
export const liveRelease = (app: App): Release => ({
  format: 1,
  serial: 0,
  replaces: null,
  deployment: BLUE.deployment,
  slots: { blue: slotOf(app) },
  traffic: { blue: 100, green: 0 },
});

/** The next release in the middle of its way, both slots up: the most that Azora's production ever holds. */
export const releaseOnTheWay = (app: App): Release => ({
  ...liveRelease(app),
  serial: 1,
  replaces: 0,
  deployment: GREEN.deployment,
  slots: { blue: slotOf(app), green: slotOf(app, GREEN) },
  traffic: { blue: 95, green: 5 },
});

export const readApp = (config: Readonly<Record<string, string>>): App =>
  parseApp(JSON.parse(config['sluice:app'] ?? 'null'), { stack: STACK });
