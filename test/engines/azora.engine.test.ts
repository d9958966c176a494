import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Release } from '../../config/release.types.ts';
import type { Props } from '../../sandbox/provider/contract.ts';
import { D1, D2, D3 } from '../support/releases.ts';
import { azoraConfig, leaks, openGround, slotOf, type Ground } from './ground.ts';
import { azora } from './program.ts';
import { openScenes, playOnBoth, type Chapter, type Scene } from './suite.ts';
import { openEmbedded, openReal } from './updaters.ts';

let grounds: readonly [Ground, Ground];
beforeAll(async () => {
  grounds = await Promise.all([openGround(), openGround()]);
});
afterAll(async () => {
  await Promise.all(grounds.map((g) => g.close()));
});

const lastOf = async ({ opened }: Scene): Promise<Release> => {
  const release = (await opened.updater.outputs())?.release;
  if (release === undefined) throw new Error('no release yet');
  return release;
};

/** The next configuration of the stack: what `change` makes of the last one, as the release engine would write it. */
const next =
  (change: (last: Release, scene: Scene) => Partial<Release>) =>
  async (scene: Scene): Promise<Release> => {
    const last = await lastOf(scene);
    return { ...last, ...change(last, scene), serial: last.serial + 1, replaces: last.serial };
  };

const edit = (scene: Scene, change: (app: Props) => void): void => {
  const app = JSON.parse(scene.opened.config['sluice:app'] ?? '{}') as Props;
  change(app);
  scene.opened.config['sluice:app'] = JSON.stringify(app);
};

const green = ({ ground, opened }: Scene, version: string, deployment: string) =>
  slotOf(ground, opened.config, version, deployment);

const chapters: readonly Chapter[] = [
  {
    name: 'first deployment, straight to 100 %',
    previewed: true,
    prepare: (scene) => ({
      format: 1,
      serial: 0,
      replaces: null,
      deployment: D1,
      slots: { blue: green(scene, 'v1.0.0', D1) },
      traffic: { blue: 100, green: 0 },
      backup: D1,
      schema: { deployment: D1, version: 'v1.0.0' },
    }),
  },
  { name: 'nothing new: carried on' },
  {
    name: 'the new slot fails in one of four services',
    ends: 'failed',
    racing: true,
    prepare: async (scene) => {
      const urn = '*::green-auth-service-service';
      await scene.ground.fault({ kind: 'resource', on: 'create', urn, fail: 'no capacity' });
      return next((last) => ({
        deployment: D2,
        slots: { ...last.slots, green: green(scene, 'v2.0.0', D2) },
      }))(scene);
    },
  },
  {
    name: 'the same again',
    racing: true,
    prepare: (scene) =>
      next((last) => ({ deployment: D2, slots: { ...last.slots, green: green(scene, 'v2.0.0', D2) } }))(
        scene,
      ),
  },
  { name: 'repeated, it is where it should be', prepare: lastOf },
  {
    name: 'canary',
    previewed: true,
    prepare: next(() => ({ traffic: { blue: 95, green: 5 } })),
  },
  {
    name: 'a change of app in the middle, by a bare update',
    prepare: (scene) => {
      edit(scene, (app) => {
        (app['buckets'] as Props)['coldAfter'] = '60 days';
        (app['everyService'] as Props)['memory'] = '8 GiB';
      });
      return undefined;
    },
  },
  {
    name: 'a checkout of before the canary is refused',
    ends: 'refused',
    prepare: async (scene) => ({
      ...(await lastOf(scene)),
      serial: 9,
      replaces: 0,
      traffic: { blue: 100, green: 0 },
    }),
  },
  { name: 'full', prepare: next(() => ({ traffic: { blue: 0, green: 100 } })) },
  { name: 'rollback', prepare: next(() => ({ traffic: { blue: 100, green: 0 } })) },
  {
    name: 'a service is removed: the next slot comes without it',
    previewed: true,
    prepare: (scene) => {
      edit(scene, (app) => {
        delete (app['services'] as Props)['marketplace-service'];
        (app['smoke'] as Props)['tests'] = [];
      });
      return next((last) => ({
        deployment: D3,
        slots: { blue: last.slots.blue, green: green(scene, 'v2.0.0', D3) } as Release['slots'],
        traffic: { blue: 0, green: 100 },
      }))(scene);
    },
  },
  {
    name: 'tidy: the old slot goes',
    previewed: true,
    prepare: next((last) => ({ slots: { green: last.slots.green } as Release['slots'] })),
  },
];

test('a release of Azora, step by step: the same on both engines', { timeout: 600_000 }, async () => {
  const open = (ground: Ground, engine: 'real' | 'embedded') => {
    const args = { ground, stack: 'production', program: azora, config: azoraConfig('production') };
    return engine === 'real' ? openReal(args) : openEmbedded(args);
  };
  const scenes = await openScenes(grounds, open);
  await playOnBoth(scenes, chapters);
  await scenes[0].opened.close();
  for (const { directory } of grounds) expect(leaks(directory)).toEqual([]);
});
