import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { idOf, settle, settledText, type Checkpoint } from '../../../../release/adapters/pulumi/pending.ts';
import { stackFileText } from '../../../../release/adapters/pulumi/stack-file.ts';

describe('the stack file of an update', () => {
  const values = {
    'aws:region': 'eu-west-1',
    'sluice:version': '1.0',
    'sluice:app': '{"a":{"b":["x",1,null,true]}}',
  };
  const state = { type: 'passphrase', state: { salt: 'v1:of-the-state' } };

  it('holds today’s values, objects as objects, texts as texts', () => {
    const file = parse(
      stackFileText('config:\n  sluice:app: { old: true }\n  sluice:release: {}\n', values, undefined),
    ) as unknown;
    expect(file).toEqual({
      config: {
        'aws:region': 'eu-west-1',
        'sluice:version': '1.0',
        'sluice:app': { a: { b: ['x', 1, null, true] } },
      },
    });
    expect(stackFileText(undefined, { 'a:b': '{not json', 'a:c': '0123' }, undefined)).toContain(
      'a:c: "0123"',
    );
  });

  it('is sealed as the state is, whatever salt a checkout has', () => {
    const sealOf = (text: string | undefined, secrets: Parameters<typeof stackFileText>[2]) => {
      const { config: _, ...seal } = parse(stackFileText(text, values, secrets)) as Record<string, unknown>;
      return seal;
    };
    expect(sealOf('encryptionsalt: v1:old\n', state)).toEqual({ encryptionsalt: 'v1:of-the-state' });
    expect(sealOf(undefined, state)).toEqual({ encryptionsalt: 'v1:of-the-state' });
    expect(sealOf('encryptionsalt: v1:old\n', undefined)).toEqual({ encryptionsalt: 'v1:old' });
    const cloud = { type: 'cloud', state: { url: 'awskms://alias/sluice', encryptedkey: 'k' } };
    expect(sealOf('encryptionsalt: v1:old\n', cloud)).toEqual({
      secretsprovider: 'awskms://alias/sluice',
      encryptedkey: 'k',
    });
    expect(sealOf('secretsprovider: awskms://alias/x\nencryptedkey: z\n', undefined)).toEqual({
      secretsprovider: 'awskms://alias/x',
      encryptedkey: 'z',
    });
  });

  it('keeps encrypted entries, with the salt that they were encrypted with', () => {
    const text =
      'encryptionsalt: v1:file\nconfig:\n  sluice:key:\n    secure: v1:abc\n  sluice:deep: { a: [{ secure: v1:def }] }\n  sluice:gone: 1\n';
    expect(parse(stackFileText(text, values, state))).toMatchObject({
      encryptionsalt: 'v1:file',
      config: {
        'sluice:key': { secure: 'v1:abc' },
        'sluice:deep': { a: [{ secure: 'v1:def' }] },
        'aws:region': 'eu-west-1',
      },
    });
    expect(stackFileText(text, values, state)).not.toContain('gone');
  });
});

describe('what a killed update left open', () => {
  const urn = (name: string) => `urn:pulumi:production::sluice::x::${name}`;
  const creating = (name: string, type: string, inputs: Record<string, unknown>) => ({
    type: 'creating',
    resource: { urn: urn(name), type, inputs },
  });
  const cluster = 'arn:aws:ecs:eu-west-1:123456789012:cluster/azora-production';
  const service = creating('service', 'aws:ecs/service:Service', { cluster, name: 'blue-api' });

  it('ids follow from inputs where AWS makes them so, and only there', () => {
    expect(idOf(service)).toBe('arn:aws:ecs:eu-west-1:123456789012:service/azora-production/blue-api');
    expect(idOf(creating('s', 'aws:ecs/service:Service', { cluster: 'azora', name: 'x' }))).toBeUndefined();
    expect(idOf(creating('r', 'aws:iam/role:Role', { name: 'azora-task' }))).toBe('azora-task');
    expect(idOf(creating('p', 'aws:iam/rolePolicy:RolePolicy', { role: 'r', name: 'p' }))).toBe('r:p');
    expect(idOf(creating('v', 'aws:s3/bucketVersioning:BucketVersioning', { bucket: 'b' }))).toBe('b');
    expect(idOf(creating('o', 'aws:s3/bucketObjectv2:BucketObjectv2', { bucket: 'b', key: 'k' }))).toBe(
      'b/k',
    );
    expect(idOf(creating('g', 'aws:lb/targetGroup:TargetGroup', { name: 'g' }))).toBeUndefined();
    expect(idOf(creating('n', 'aws:iam/role:Role', {}))).toBeUndefined();
  });

  it('known ones are taken in, others forgotten, updates and deletes left to the next update', () => {
    const group = creating('group', 'aws:lb/targetGroup:TargetGroup', { name: 'g' });
    const replaced = creating('there', 'aws:iam/role:Role', { name: 'new' });
    const checkpoint: Checkpoint & { readonly version: number } = {
      version: 3,
      deployment: {
        pending_operations: [service, group, replaced, { ...group, type: 'updating' }],
        resources: [{ urn: urn('there'), type: 'aws:iam/role:Role' }],
      },
    };
    const settled = settle(checkpoint);
    expect(settled?.adopted).toEqual([urn('service')]);
    expect(settled?.forgotten).toEqual([urn('group'), urn('there')]);
    expect(settled?.checkpoint).toEqual({
      version: 3,
      deployment: {
        pending_operations: [{ ...group, type: 'updating' }],
        resources: [
          { urn: urn('there'), type: 'aws:iam/role:Role' },
          expect.objectContaining({
            urn: urn('service'),
            id: expect.stringContaining(':service/azora-production/blue-api'),
          }),
        ],
      },
    });
    expect(settled === undefined ? '' : settledText(settled)).toBe(
      'an earlier update was killed while it made resources; looked up, and kept if there: service; forgotten, because their ids are not known: group, there',
    );
    expect(settle({ deployment: { pending_operations: [{ ...group, type: 'deleting' }] } })).toBeUndefined();
    expect(settle({})).toBeUndefined();
  });
});
