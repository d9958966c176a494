import { describe, expect, it } from 'vitest';
import type { Release } from '../../../config/release.types.ts';
import type { App } from '../../../config/types.ts';
import { ExpectedError } from '../../../lib/errors.ts';
import {
  bringsIn,
  resolveRelease,
  type LastOutputs,
  type ResolveInput,
} from '../../../release/core/resolve.ts';
import { sharesOf } from '../../../release/core/release.ts';
import { D1, D2, D3, live, service, slot } from '../../support/releases.ts';

const input = (change: Partial<ResolveInput> & { rollout?: App['rollout'] } = {}): ResolveInput => {
  const { rollout = 'staged', ...rest } = change;
  const last = live();
  return {
    stack: 'production',
    app: { rollout, database: undefined } as unknown as App,
    last: { kind: 'release', release: last },
    configured: undefined,
    live: sharesOf(last),
    version: undefined,
    wanted: undefined,
    deployment: D2,
    ...rest,
  };
};
const refusal = (i: ResolveInput): ExpectedError => {
  try {
    resolveRelease(i);
  } catch (error) {
    if (error instanceof ExpectedError) return error;
    throw error;
  }
  throw new Error('was not refused');
};

describe('a checkout never moves traffic by accident', () => {
  it('carries the completed release on where configuration has none', () => {
    expect(resolveRelease(input())).toEqual({ release: live(), from: 'carried', notes: [] });
  });

  it('says what is not live yet, and changes nothing', () => {
    const edited = slot('v2.0.0', D2);
    const wanted = { ...edited, services: { ...edited.services, api: service('api', 2, { cpu: 2048 }) } };
    const { release, notes } = resolveRelease(input({ version: 'v2.0.0', wanted }));
    expect(release).toEqual(live());
    expect(notes).toEqual([
      'v2.0.0 is not live: sluice deploy --stack production --version v2.0.0',
      'app differs from the live slot in 1 service (api): the next sluice deploy takes it along',
    ]);
  });

  it('takes a release that replaces the completed one', () => {
    const next: Release = live({ serial: 8, replaces: 7, backup: D2 });
    expect(resolveRelease(input({ configured: next })).release).toEqual(next);
  });

  it('refuses one that replaces another serial, with the command that makes it deliberate', () => {
    const error = refusal(input({ configured: live({ serial: 4, replaces: 3 }) }));
    expect(error.exit).toBe(3);
    expect(error.message).toContain('replaces serial 3, but stack production is at serial 7');
    expect(error.hint).toContain(
      "jq -c '.replaces = 7 | .serial = 8' | pulumi config set sluice:release --stack production",
    );
  });

  it('takes an earlier configuration made deliberate, under a new serial, and never takes backup and schema back', () => {
    const current = live({ backup: D3, schema: { deployment: D3, version: 'v3.0.0' } });
    const earlier = live({
      serial: 4,
      replaces: 7,
      backup: D1,
      schema: { deployment: D1, version: 'v1.0.0' },
    });
    const { release } = resolveRelease(
      input({ last: { kind: 'release', release: current }, configured: earlier }),
    );
    expect(release.serial).toBe(8);
    expect(release.backup).toBe(D3);
    expect(release.schema).toEqual({ deployment: D3, version: 'v3.0.0' });
  });

  it('refuses to carry on when live weights are not what the release left', () => {
    const error = refusal(input({ live: { api: { blue: 50, green: 50 }, auth: { blue: 100 } } }));
    expect(error.message).toContain('api: live {"blue":50,"green":50}, release {"blue":100}');
    expect(error.hint).toBe('sluice reconcile --stack production');
  });

  it('refuses outputs without a readable release: going on would delete the services', () => {
    const error = refusal(input({ last: { kind: 'unreadable', why: 'it is secret' } }));
    expect(error.message).toContain('would delete the services');
  });

  it('refuses a release for a stack that has none, unless it is a first one', () => {
    expect(refusal(input({ last: { kind: 'none' }, configured: live() })).message).toContain(
      'has no release yet',
    );
    const first = live({ serial: 0, replaces: null });
    expect(resolveRelease(input({ last: { kind: 'none' }, configured: first })).release.serial).toBe(0);
  });
});

describe('the first version of a staged stack', () => {
  const none = { last: { kind: 'none' }, live: undefined } as const;

  it('comes in by the first update, straight to 100 %', () => {
    const { release } = resolveRelease(input({ ...none, version: 'v1.0.0', wanted: slot('v1.0.0', D2) }));
    expect(release).toMatchObject({
      serial: 0,
      replaces: null,
      slots: { blue: { version: 'v1.0.0' } },
      traffic: { blue: 100, green: 0 },
    });
  });

  it('comes by sluice deploy where no version is written, or once there is anything', () => {
    const { release, notes } = resolveRelease(input(none));
    expect(release.slots).toEqual({});
    expect(notes.join()).toContain('sluice deploy --stack production --version v1.0.0');
    expect(['none', 'release'].map((kind) => bringsIn('staged', { kind } as LastOutputs))).toEqual([
      true,
      false,
    ]);
  });

  it('stays written in the stack file: an older version than the live one is no wish', () => {
    expect(resolveRelease(input({ version: 'v0.9.0' })).notes).toEqual([]);
  });
});

describe('direct: a plain update deploys', () => {
  it('makes the first release at serial 0', () => {
    const { release, from } = resolveRelease(
      input({ rollout: 'direct', last: { kind: 'none' }, live: undefined, wanted: slot('v1.0.0', D2) }),
    );
    expect([from, release.serial, release.replaces, release.traffic]).toEqual([
      'first',
      0,
      null,
      { blue: 100, green: 0 },
    ]);
  });

  it('puts a new version into the other slot, all traffic on it, the old slot gone, in one update', () => {
    const { release } = resolveRelease(input({ rollout: 'direct', wanted: slot('v2.0.0', D2) }));
    expect(release).toMatchObject({
      serial: 8,
      replaces: 7,
      deployment: D2,
      traffic: { blue: 0, green: 100 },
    });
    expect(Object.keys(release.slots)).toEqual(['green']);
  });

  it('deploys an edited service of the same version too, and nothing when nothing differs', () => {
    const same = resolveRelease(input({ rollout: 'direct', wanted: slot('v1.0.0', D2) }));
    expect(same).toEqual({ release: live(), from: 'carried', notes: [] });
    const edited = resolveRelease(input({ rollout: 'direct', wanted: slot('v1.0.0', D2, ['api']) }));
    expect(edited.release.serial).toBe(8);
  });
});
