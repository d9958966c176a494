import { describe, expect, it } from 'vitest';
import { outlookOf } from '../../../../release/core/preview/outlook.ts';
import type { OutlookInput } from '../../../../release/core/preview/types.ts';
import { D1, D2, live, slot } from '../../../support/releases.ts';
import { change, COMMAND, SERVICE_SLOT } from './change.ts';

const NEXT = live({
  serial: 8,
  replaces: 7,
  deployment: D2,
  slots: { blue: slot('v1.0.0', D1), green: slot('v2.0.0', D2, ['api', 'auth'], 2) },
  traffic: { blue: 0, green: 100 },
});

const look = (input: Partial<OutlookInput>) =>
  outlookOf({ title: 'The next release', command: '', from: live(), to: NEXT, changes: [], ...input });

const GROUP = 'aws:lb/targetGroup:TargetGroup';

describe('what is lost stands first', () => {
  it('the protected ones before all others, then deletions of the ground, then what users are on', () => {
    const { losses } = look({
      to: undefined,
      changes: [
        change('replace', GROUP, 'blue-api-target-group', { parents: SERVICE_SLOT, diff: ['port'] }),
        change('replace', 'aws:lb/loadBalancer:LoadBalancer', 'balancer', { diff: ['name'] }),
        change('delete', 'aws:ec2/natGateway:NatGateway', 'nat'),
        change('delete', 'aws:s3/bucket:Bucket', 'records', { protect: true }),
      ],
    });
    expect(losses.map((l) => [l.op, l.what, l.protect, l.where])).toEqual([
      ['delete', 'bucket records', true, 'ground'],
      ['delete', 'nat gateway nat', false, 'ground'],
      ['replace', 'load balancer balancer', false, 'ground'],
      ['replace', 'target group blue-api-target-group', false, 'traffic'],
    ]);
    expect(losses[3]?.because).toEqual(['port']);
  });

  it('a slot without traffic may go; a command that runs again is no loss; a protected one always is', () => {
    const { losses, others, runs } = look({
      from: live({ slots: { blue: slot('v1.0.0', D1), green: slot('v0.9.0', D2) } }),
      changes: [
        change('delete', GROUP, 'green-api-target-group', { parents: SERVICE_SLOT }),
        change('replace', 'command:local:Command', 'migrate-command', { parents: COMMAND }),
        change('replace', 'aws:s3/bucketObjectv2:BucketObjectv2', 'release', { diff: ['key'] }),
        change('delete', GROUP, 'green-auth-target-group', { parents: SERVICE_SLOT, protect: true }),
      ],
    });
    expect(losses.map((l) => l.what)).toEqual(['target group green-auth-target-group']);
    expect(runs).toEqual(['migrations run']);
    expect(others).toEqual(['slot green: v0.9.0 is changed (2 deleted)']);
  });
});

describe('a slot that traffic is led away from', () => {
  const canary = live({ slots: NEXT.slots, traffic: { blue: 95, green: 5 } });
  const changes = [change('delete', GROUP, 'green-api-target-group', { parents: SERVICE_SLOT })];

  it('is no loss when it goes: that is what a rollback does', () => {
    const { losses, others } = look({ from: canary, to: live({ serial: 9 }), changes });
    expect(losses).toEqual([]);
    expect(others).toEqual(['slot green: v2.0.0 is taken down (1 deleted)']);
  });

  it('is one while it keeps traffic', () => {
    const to = { ...canary, traffic: { blue: 50, green: 50 } };
    expect(look({ from: canary, to, changes }).losses).toHaveLength(1);
    expect(look({ from: canary, to: undefined, changes }).losses).toHaveLength(1);
  });
});

describe('services and traffic', () => {
  it('compares the live slot with the one that the release brings', () => {
    const to = structuredClone(NEXT);
    const api = to.slots.green?.services['api'];
    if (api === undefined) throw new Error('no api');
    Object.assign(api, {
      memory: 4096,
      environment: { NODE_ENV: 'test', API_TOKEN: 'abc-def-ghi', MODE: 'new' },
      secrets: { KEY: { arn: 'arn:aws:secretsmanager:eu:1:secret:KEY-x', version: '12345678-aaaa' } },
    });
    const { services } = look({ to });
    expect(services[0]).toEqual({
      service: 'api',
      kind: 'changed',
      fields: [
        { what: 'image', path: 'image', from: '000000000000', to: '000000000000' },
        { what: 'settings', path: 'environment.API_TOKEN', from: undefined, to: '***' },
        { what: 'settings', path: 'environment.MODE', from: undefined, to: 'new' },
        { what: 'settings', path: 'secrets.KEY', from: undefined, to: 'KEY-x version 12345678' },
        { what: 'size', path: 'memory', from: '2 GiB', to: '4 GiB' },
      ],
    });
  });

  it('says once what all services do, and apart what one does otherwise', () => {
    expect(look({}).traffic).toEqual(['all 2 services: 100 % on v1.0.0 (blue) → 100 % on v2.0.0 (green)']);
    const to = { ...NEXT, traffic: { blue: 95, green: 5 } };
    const more = { ...to, slots: { ...to.slots, green: slot('v2.0.0', D2, ['api', 'auth', 'shop'], 2) } };
    expect(look({ to: more }).traffic).toEqual([
      'api, auth: 100 % on v1.0.0 (blue) → 95 % on v1.0.0 (blue), 5 % on v2.0.0 (green)',
      'shop: no traffic → 100 % on v2.0.0 (green)',
    ]);
    expect(look({ to: undefined }).traffic).toEqual(['all 2 services: 100 % on v1.0.0 (blue), unchanged']);
  });

  it('a service that is added or removed is named as such', () => {
    const to = { ...NEXT, slots: { ...NEXT.slots, green: slot('v2.0.0', D2, ['api', 'shop'], 1) } };
    expect(look({ to }).services.map((s) => [s.service, s.kind])).toEqual([
      ['auth', 'removed'],
      ['shop', 'added'],
    ]);
  });
});

describe('the rest is told in few lines', () => {
  it('resources of the ground by kind, slots as a whole, components not at all', () => {
    const { others, counts } = look({
      changes: [
        change('create', SERVICE_SLOT, 'green-api'),
        change('create', GROUP, 'green-api-target-group', { parents: SERVICE_SLOT }),
        change('create', 'aws:ecs/service:Service', 'green-api-service', { parents: SERVICE_SLOT }),
        change('update', 'aws:lb/listenerRule:ListenerRule', 'routing-api', {
          parents: 'sluice:components:Routing',
        }),
        change('create', 'aws:cloudwatch/logGroup:LogGroup', 'logs-a'),
        change('create', 'aws:cloudwatch/logGroup:LogGroup', 'logs-b'),
        change('update', 'aws:s3/bucket:Bucket', 'records', { diff: ['tags.owner'] }),
        change('same', 'aws:s3/bucket:Bucket', 'backups'),
      ],
    });
    expect(others).toEqual([
      'slot green: v2.0.0 comes up (2 created)',
      'production rules: 1 updated',
      '2 × log group created',
      'bucket records updated (tags.owner)',
    ]);
    expect(counts).toEqual({ create: 4, update: 2 });
  });

  it('a refusal of the program is shown instead', () => {
    const { refused, losses } = look({ changes: { refused: 'weights differ', hint: 'sluice reconcile' } });
    expect(refused).toEqual({ message: 'weights differ', hint: 'sluice reconcile' });
    expect(losses).toEqual([]);
  });
});
