import { expect, it } from 'vitest';
import type { Message } from '../../../../release/ports/supply.ts';
import { World } from '../../../support/world.ts';

const withV1 = (): Promise<World> => {
  const world = new World();
  Object.assign(world.app, { stages: [{ name: 'full', traffic: 100, bake: 0 }] });
  return world.withV1();
};
const withV2 = async (): Promise<World> => {
  const world = await withV1();
  await world.deploy('v2.0.0');
  return world;
};

it('a success is told in the documents’ words, with version, commit, branch and actor', async () => {
  const world = await withV2();
  const { title, text, facts, about } = world.heard.messages.at(-1) ?? ({} as Message);
  expect(title).toBe('✅ Production deployment successful: azora v2.0.0');
  expect(text).toMatch(/^Version: v2\.0\.0\nDeployment ID: \d{10}-\w{12}\nEnvironment: https:/);
  expect(text).toContain('All services healthy and operational\nRollback available for 60 minutes');
  expect(facts).toMatchObject({ Branch: 'v2.0.0', Actor: 'ada', Commit: 'c'.repeat(40) });
  expect(about).toBe('azora production');
});

it('what could not be sent is a line in the record, and the release ends well', async () => {
  const world = await withV1();
  const { ports } = world.options();
  const sent = [{ to: 'slack', sent: false, reason: 'answered 404' }];
  const messages = { send: () => Promise.resolve(sent) };
  const outcome = await world.deploy('v2.0.0', { ports: { ...ports, messages } });
  expect(outcome.result).toBe('success');
  const record = world.record(outcome.deployment);
  expect(record?.messages).toEqual(sent);
  expect(record?.timeline.map((e) => e.what)).toContain('a message to slack could not be sent: answered 404');
});

it('of an emergency rollback people hear before it has ended', async () => {
  const world = await withV2();
  const told = world.heard.messages.length;
  const seen: string[] = [];
  const { ports } = world.options();
  const outcome = await world.rollback(
    { mode: 'emergency' },
    {
      ports: {
        ...ports,
        messages: {
          send: (message) => {
            seen.push(JSON.stringify(world.serving()));
            return ports.messages.send(message);
          },
        },
      },
    },
  );
  expect(outcome.result).toBe('success');
  const [first, last] = world.heard.messages.slice(told);
  expect(first).toMatchObject({
    title: '🚨 Emergency rollback of production begins: azora v1.0.0',
    urgent: true,
  });
  expect(first?.text).toContain('From v2.0.0 back to v1.0.0');
  expect(last?.title).toBe('⚠️ Production ROLLED BACK: azora v1.0.0');
  expect(seen[0]).toBe('{"v2.0.0":100}');
});
