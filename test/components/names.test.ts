import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { bucketName, cloudName, identifiedName, LIMITS, tagsOf } from '../../components/names.ts';

const part = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}[a-z0-9]$/);
const parts = fc.array(part, { minLength: 1, maxLength: 5 });

it('names keep to their limit and to the characters that a load balancer takes', () => {
  fc.assert(
    fc.property(parts, fc.string(), (list, identity) => {
      const names = [cloudName(32, ...list), identifiedName(LIMITS.targetGroup, identity, ...list)];
      for (const name of names) {
        expect(name.length).toBeLessThanOrEqual(32);
        expect(name).toMatch(/^[a-z][a-z0-9-]*[a-z0-9]$/);
      }
    }),
  );
});

it('two names that differ stay different, however long they are', () => {
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      fc.pre(a.join('-') !== b.join('-'));
      expect(cloudName(32, ...a)).not.toBe(cloudName(32, ...b));
    }),
  );
});

it('what forces a replacement changes the name, and nothing else does', () => {
  const name = (identity: string) =>
    identifiedName(32, identity, 'azora', 'production', 'blue', 'marketplace-service');
  expect(name('vpc-1 8080')).toBe(name('vpc-1 8080'));
  expect(name('vpc-1 8080')).not.toBe(name('vpc-1 9090'));
});

it('buckets and tags say whose they are', () => {
  const scope = { application: 'azora', environment: 'production' };
  expect(bucketName(scope, 'record')).toBe('azora-production-record');
  expect(tagsOf(scope, { service: 'auth', slot: 'blue', version: 'v1.0.0' })).toEqual({
    application: 'azora',
    environment: 'production',
    'managed-by': 'sluice',
    service: 'auth',
    slot: 'blue',
    version: 'v1.0.0',
  });
});
