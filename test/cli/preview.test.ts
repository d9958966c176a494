import { describe, expect, it } from 'vitest';
import type { Session } from '../../cli/session/open.ts';
import { nextUpdates } from '../../cli/work/preview-wanted.ts';
import type { App } from '../../config/types.ts';
import { World } from '../support/world.ts';

/** As much of a session as a preview asks for, on the small world in memory. */
const sessionOf = (world: World, app: App = world.app, values: Record<string, string> = {}): Session => {
  const options = { ...world.options(), app };
  return {
    config: { project: 'sluice', stack: 'production', values, app, file: '', folder: '' },
    stack: options.ports.stack,
    clock: world.clock,
    run: () => options,
  } as Partial<Session> as Session;
};

const edited = (app: App): App => {
  const [name = '', service] = Object.entries(app.services)[0] ?? [];
  if (service === undefined) throw new Error('no service');
  return { ...app, services: { ...app.services, [name]: { ...service, memory: service.memory * 2 } } };
};

const wanted = async (world: World, app: App, given?: string, values?: Record<string, string>) =>
  await nextUpdates(sessionOf(world, app, values), world.cloud.outputs?.release, given);

describe('what is worth a preview', () => {
  it('nothing was edited: the plain update alone, and that there is nothing to release', async () => {
    const world = await new World().withV1();
    const { inputs, notes } = await wanted(world, world.app);
    expect(inputs.map((i) => i.to)).toEqual([undefined]);
    expect(notes).toEqual(['v1.0.0 is live as the stack file has it: nothing to release']);
  });

  it('an edited service: the next release takes it along, with the images that are live', async () => {
    const world = await new World().withV1();
    const { inputs } = await wanted(world, edited(world.app));
    const next = inputs[1];
    expect(next?.title).toBe('The next release: v1.0.0 with the edited settings');
    expect(next?.unbuilt).toEqual([]);
    const current = world.cloud.outputs?.release;
    const [name = ''] = Object.keys(world.app.services);
    const [before, after] = [current?.slots.blue?.services[name], next?.to?.slots.green?.services[name]];
    expect(after).toEqual({ ...before, memory: 2 * (before?.memory ?? 0) });
    expect(next?.to?.replaces).toBe(current?.serial);
  });

  it('a version that is not built yet: its services are named', async () => {
    const world = await new World().withV1();
    const { inputs } = await wanted(world, world.app, 'v2.0.0');
    // Whoever names a version asks for its release alone.
    expect(inputs).toHaveLength(1);
    expect(inputs[0]?.unbuilt).toEqual(Object.keys(world.app.services));
    expect(inputs[0]?.to?.traffic).toEqual({ blue: 0, green: 100 });
  });

  it('the version that the stack file names, where none is given', async () => {
    const world = await new World().withV1();
    const { inputs } = await wanted(world, world.app, undefined, { 'sluice:version': 'v3.0.0' });
    expect(inputs[1]?.title).toBe('The next release: v3.0.0');
    // The version that the stack began with stays in its file: no wish to go back to it.
    const old = await wanted(world, world.app, undefined, { 'sluice:version': 'v0.9.0' });
    expect(old).toMatchObject({
      inputs: [{ title: 'A plain update' }],
      notes: [expect.stringMatching(/^v1\.0\.0 is live/)],
    });
  });

  it('a staged stack that has nothing yet: the one update that brings its first version in', async () => {
    const world = new World();
    const { inputs } = await wanted(world, world.app, undefined, { 'sluice:version': 'v1.0.0' });
    expect(inputs).toMatchObject([
      { title: 'The first deployment: v1.0.0, in one update', command: 'pulumi up --stack production' },
    ]);
    expect(inputs[0]?.to).toMatchObject({ serial: 0, replaces: null, traffic: { blue: 100, green: 0 } });
  });

  it('a stack that is updated directly: the one update that deploys', async () => {
    const world = await new World().withV1();
    const direct: App = { ...world.app, rollout: 'direct' };
    const { inputs } = await wanted(world, direct, 'v2.0.0');
    expect(inputs).toHaveLength(1);
    expect(inputs[0]?.command).toContain('pulumi config set sluice:version v2.0.0');
    expect(Object.keys(inputs[0]?.to?.slots ?? {})).toEqual(['green']);
    expect((await wanted(world, direct)).inputs[0]?.to).toBeUndefined();
  });

  it('before the first update: the first release at once', async () => {
    const world = new World();
    const { inputs } = await wanted(world, world.app, 'v1.0.0');
    expect(inputs.map((i) => i.to?.replaces)).toEqual([null]);
    expect((await wanted(world, world.app)).notes[0]).toContain('no version is named yet');
  });
});
