import * as grpc from '@grpc/grpc-js';
import services from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import messages from '@pulumi/pulumi/proto/provider_pb.js';
import struct from 'google-protobuf/google/protobuf/struct_pb.js';
import { afterEach, describe, expect, it } from 'vitest';
import { serveProvider, type ProviderServer } from '../../../sandbox/grpc/server.ts';
import { PartialFailure, type CreateRequest, type Provider } from '../../../sandbox/provider/contract.ts';

let server: ProviderServer | undefined;
let client: InstanceType<typeof services.ResourceProviderClient> | undefined;
afterEach(() => {
  client?.close();
  server?.close();
});

const start = async (
  create: (r: CreateRequest, s?: AbortSignal) => Promise<{ id: string; outputs: object }>,
) => {
  const provider = {
    create,
    diff: () =>
      Promise.resolve({
        changes: true,
        replaces: ['name'],
        deleteBeforeReplace: true,
        detailed: { 'tags.note': { kind: 'update' }, name: { kind: 'update-replace' } },
      }),
  } as unknown as Provider;
  server = await serveProvider(provider, '7.48.0');
  client = new services.ResourceProviderClient(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure());
  return client;
};
const request = (preview: boolean) => {
  const r = new messages.CreateRequest();
  r.setUrn('urn:pulumi:production::sluice::aws:s3/bucket:Bucket::backup');
  r.setType('aws:s3/bucket:Bucket');
  r.setPreview(preview);
  r.setProperties(struct.Struct.fromJavaScript({ bucket: 'azora-backups', tags: { note: 'a' } }));
  return r;
};
type Reply<T> = { error: grpc.ServiceError | null; reply: T };

describe('the handlers behind the provider protocol', () => {
  it('pass inputs and outputs through, and answer previews without an id', async () => {
    const seen: CreateRequest[] = [];
    const c = await start((r) => {
      seen.push(r);
      return Promise.resolve({
        id: 'azora-backups',
        outputs: { arn: 'arn:aws:s3:::azora-backups', size: 3, none: null },
      });
    });
    const call = (preview: boolean) =>
      new Promise<Reply<messages.CreateResponse>>((resolve) => {
        c.create(request(preview), (error, reply) => {
          resolve({ error, reply });
        });
      });
    const made = await call(false);
    expect(made.error).toBeNull();
    expect(made.reply.getId()).toBe('azora-backups');
    expect(made.reply.getProperties()?.toJavaScript()).toEqual({
      arn: 'arn:aws:s3:::azora-backups',
      size: 3,
      none: null,
    });
    expect((await call(true)).reply.getId()).toBe('');
    expect(seen.map((r) => [r.preview, r.type, r.inputs])).toEqual([
      [false, 'aws:s3/bucket:Bucket', { bucket: 'azora-backups', tags: { note: 'a' } }],
      [true, 'aws:s3/bucket:Bucket', { bucket: 'azora-backups', tags: { note: 'a' } }],
    ]);
  });

  it('name leaf paths and replacement reasons', async () => {
    const c = await start(() => Promise.reject(new Error('unused')));
    const reply = await new Promise<messages.DiffResponse>((resolve, reject) => {
      c.diff(new messages.DiffRequest(), (error, r) => {
        if (error === null) resolve(r);
        else reject(error);
      });
    });
    expect(reply.getReplacesList()).toEqual(['name']);
    expect(reply.getDeletebeforereplace()).toBe(true);
    expect(reply.getDetaileddiffMap().get('tags.note')?.getKind()).toBe(messages.PropertyDiff.Kind.UPDATE);
    expect(reply.getDetaileddiffMap().get('name')?.getKind()).toBe(messages.PropertyDiff.Kind.UPDATE_REPLACE);
    expect(reply.getDiffsList()).toEqual(['tags', 'name']);
  });

  it('hand a half-made resource to the engine with its id', async () => {
    const c = await start(() =>
      Promise.reject(new PartialFailure('never became healthy', 'service-1', { arn: 'a' })),
    );
    const { error } = await new Promise<Reply<unknown>>((resolve) => {
      c.create(request(false), (error, reply) => {
        resolve({ error, reply });
      });
    });
    expect(error?.details).toBe('never became healthy');
    const packed = error?.metadata.get('grpc-status-details-bin')[0];
    expect(Buffer.from(packed ?? '').toString('latin1')).toContain('pulumirpc.ErrorResourceInitFailed');
    expect(Buffer.from(packed ?? '').toString('latin1')).toContain('service-1');
  });

  it('abort a handler whose call the engine cancelled', async () => {
    const aborted = Promise.withResolvers<string>();
    const begun = Promise.withResolvers<undefined>();
    const c = await start((_r, signal) => {
      begun.resolve(undefined);
      signal?.addEventListener('abort', () => {
        aborted.resolve(String(signal.reason));
      });
      return Promise.withResolvers<{ id: string; outputs: object }>().promise;
    });
    const call = c.create(request(false), () => undefined);
    await begun.promise;
    call.cancel();
    expect(await aborted.promise).toContain('cancelled');
  });
});
