import * as pulumi from '@pulumi/pulumi';
import { describe, expect, test } from 'vitest';
import type { Program } from '../../../sandbox/engine/index.ts';
import { isSecret } from '../../../sandbox/engine/values.ts';
import { toy, stage } from './toy.ts';

const PLANTED = 'planted-hunter2-"quoted"';
const OTHER = 'planted-generated-value';

const program: Program = async () => {
  const a = toy('a', {
    note: pulumi.secret(PLANTED),
    tags: { inner: pulumi.secret(PLANTED), open: 'x' },
  });
  const b = toy('b', { list: ['plain', a.note] }, { additionalSecretOutputs: ['address'] });
  const config = new pulumi.Config('sluice').requireSecret('password');
  return { note: a.note, open: 'x', nested: { deep: [config] }, address: b.address, tags: a.tags };
};
declare module './toy.ts' {
  interface Toy {
    readonly tags: pulumi.Output<unknown>;
  }
}
const settings = {
  config: { 'sluice:password': PLANTED, 'sluice:colour': 'green' },
  secretKeys: ['sluice:password'],
};

describe('a secret', () => {
  test('is nowhere in clear: not in state, journal, history or events, also after a failure', async () => {
    const { engine, cloud, events, written } = stage();
    await engine(program, settings).up();
    await engine(program, settings).preview();
    cloud.before = (what) => {
      if (what === 'create c') throw new Error(`cannot use ${PLANTED} here, nor ${JSON.stringify(PLANTED)}`);
    };
    const failing: Program = async () => {
      const outputs = await program();
      toy('c', { note: pulumi.secret(PLANTED) });
      await pulumi.log.warn(`the password is ${PLANTED}`);
      return outputs;
    };
    const error: unknown = await engine(failing, settings)
      .up()
      .catch((reason: unknown) => reason);
    expect(String(error)).toContain('cannot use ***');
    const text = written() + JSON.stringify(events) + String(error);
    expect(text).toContain('green');
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain('b-2.toy');
  });

  test('reaches handlers as it is, and comes back marked at the same path', async () => {
    const { engine, cloud } = stage();
    const result = await engine(program, settings).up();
    expect(cloud.things.get('a-1')).toMatchObject({ note: PLANTED, tags: { inner: PLANTED, open: 'x' } });
    expect(result.outputs).toEqual({
      note: { value: PLANTED, secret: true },
      open: { value: 'x', secret: false },
      nested: { value: { deep: [PLANTED] }, secret: true },
      address: { value: 'b-2.toy', secret: true },
      tags: { value: { inner: PLANTED, open: 'x' }, secret: true },
    });
    expect(await engine(program, settings).outputs()).toEqual(result.outputs);
    const { resources } = await engine(program, settings).exportState();
    const [a, b] = resources.filter((r) => r.custom);
    expect(isSecret(a?.inputs['note'])).toBe(true);
    expect(isSecret(a?.outputs['note'])).toBe(true);
    expect(a?.outputs['tags']).toMatchObject({ open: 'x', inner: { value: PLANTED } });
    expect(a?.outputs['address']).toBe('a-1.toy');
    expect(isSecret(b?.outputs['list'])).toBe(true);
    expect(isSecret(b?.outputs['address'])).toBe(true);
  });

  test('that changes is an update, one that stays is none', async () => {
    const { engine, cloud } = stage();
    const noted =
      (note: string): Program =>
      async () => ({ of: toy('a', { note: pulumi.secret(note) }).id });
    await engine(noted(PLANTED)).up();
    expect((await engine(noted(PLANTED)).up()).changes).toEqual({ same: 2 });
    expect((await engine(noted(OTHER)).up()).changes).toEqual({ same: 1, update: 1 });
    expect(cloud.things.get('a-1')?.['note']).toBe(OTHER);
  });

  test('is sealed with the passphrase: another one is refused, plain outputs stay readable', async () => {
    const { engine } = stage();
    await engine(program, settings).up();
    const wrong = engine(program, { ...settings, passphrase: 'guessed' });
    await expect(wrong.up()).rejects.toThrow(/incorrect passphrase/);
    await expect(wrong.exportState()).rejects.toThrow(/incorrect passphrase/);
    await expect(wrong.outputs({ needSecrets: true })).rejects.toThrow(/incorrect passphrase/);
    expect((await wrong.outputs())?.['open']).toEqual({ value: 'x', secret: false });
    expect((await wrong.outputs())?.['note']).toEqual({ value: null, secret: true });
    expect(wrong.lockInfo()).toBeUndefined();
    await engine(program, settings).up();
  });
});

describe('a reference to the own stack', () => {
  const details = async (): Promise<Record<string, unknown>> => {
    const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
    const self = new pulumi.StackReference('self', { name });
    const release = await self.getOutputDetails('release');
    const hidden = await self.getOutputDetails('hidden');
    return {
      release: release.value as unknown,
      hidden: hidden.value as unknown,
      secret: hidden.secretValue !== undefined,
    };
  };
  const serial =
    (next: number): Program =>
    async () => {
      const last = await details();
      return { last, release: { serial: next }, hidden: { a: pulumi.secret('x') } };
    };

  test('gives the outputs of the last completed update, in previews too; with a secret inside, none', async () => {
    const { engine } = stage();
    const first = await engine(serial(0)).up();
    expect(first.outputs['last']?.value).toEqual({ secret: false });
    const second = await engine(serial(1)).up();
    expect(second.outputs['last']?.value).toEqual({ release: { serial: 0 }, secret: true });
    const preview = await engine(serial(2)).preview();
    expect(preview.outputs['last']?.value).toEqual({ release: { serial: 1 }, secret: true });
    expect(preview.changes).toEqual({ same: 1, read: 1 });
  });

  test('still gives them after an update that failed before its outputs were known', async () => {
    const { engine, cloud } = stage();
    await engine(serial(0)).up();
    cloud.before = () => {
      throw new Error('down');
    };
    const failing: Program = async () => ({ ...(await serial(1)()), of: toy('a').id });
    await expect(engine(failing).up()).rejects.toThrow('down');
    const preview = await engine(serial(2)).preview();
    expect(preview.outputs['last']?.value).toMatchObject({ release: { serial: 0 } });
  });

  test('to another stack gives that stack, or says that there is none', async () => {
    const { engine } = stage();
    const program: Program = async () => {
      const other = new pulumi.StackReference('acme/base/foundation');
      return { bucket: other.getOutput('bucket') };
    };
    const known = {
      referenced: async (name: string) => (name.endsWith('foundation') ? { bucket: 'b-1' } : undefined),
    };
    expect((await engine(program, known).up()).outputs['bucket']?.value).toBe('b-1');
    await expect(engine(program).up()).rejects.toThrow("there is no stack 'acme/base/foundation' here");
  });
});
