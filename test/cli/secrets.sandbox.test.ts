import { afterAll, beforeAll, expect, test } from 'vitest';
import { CommandWorld } from '../support/command-world.ts';
import { formsOf, namesIn } from '../support/leaks.ts';
import { PASSPHRASE, plantSecrets, tellNoSecrets } from '../support/secrets-story.ts';

let world: CommandWorld;
beforeAll(async () => {
  world = await CommandWorld.empty({ environment: { PULUMI_CONFIG_PASSPHRASE: PASSPHRASE } });
  await plantSecrets(world);
  const first = world.start('deploy', '--version', 'v1.0.0');
  await first.baking('full');
  await world.say('promote');
  expect(await first.exited).toBe(0);
});
afterAll(() => world.close());

test('the scan finds a secret in every form that it looks for', () => {
  const secret = 'pa/ss+wörd "1" & 2';
  const texts = [
    `x${secret}y`,
    encodeURIComponent(`a ${secret} b`),
    JSON.stringify({ secret }),
    ...['', '1', '12'].flatMap((before) =>
      (['base64', 'base64url', 'hex'] as const).map((e) =>
        Buffer.from(`${before}${secret} tail`).toString(e),
      ),
    ),
  ];
  for (const text of texts) expect([text, namesIn(text, { it: secret })]).toEqual([text, ['it']]);
  expect(namesIn('nothing of the kind', { it: secret })).toEqual([]);
  expect(formsOf(secret).every((form) => form.length >= 16)).toBe(true);
});

test(
  'deployments, a failing update, previews and a rollback tell no secret',
  () => tellNoSecrets(world),
  120_000,
);
