import { expect, test } from 'vitest';
import { SecretStore } from '../../../sandbox/cloud/secret-store.ts';

const store = (): SecretStore => new SecretStore('eu-central-1', '000000000000');

test('a rotated secret is a new version; the old one can still be read', () => {
  const secrets = store();
  const first = secrets.put('azora/database', 'postgres://one');
  const second = secrets.put('azora/database', 'postgres://two');
  expect(second.arn).toBe(first.arn);
  expect(second.version).not.toBe(first.version);
  expect(secrets.read(first.arn, first.version)).toBe('postgres://one');
  expect(secrets.read('azora/database')).toBe('postgres://two');
  expect(secrets.put('azora/database', 'postgres://two')).toEqual(second);
});

test('a container gets a secret by ARN, in a fixed version, or one key of it', () => {
  const secrets = store();
  const old = secrets.put('app', '{"key":"old"}');
  secrets.put('app', '{"key":"new"}');
  expect(secrets.resolve(old.arn)).toBe('{"key":"new"}');
  expect(secrets.resolve(`${old.arn}:::${old.version}`)).toBe('{"key":"old"}');
  expect(secrets.resolve(`${old.arn}:key::${old.version}`)).toBe('old');
  expect(() => secrets.resolve(`${old.arn}:other::`)).toThrow(/no text under the key other/);
});

test('a missing secret is named, its neighbours are not', () => {
  const secrets = store();
  secrets.put('app', 'value-of-app');
  expect(secrets.describe('missing')).toBeUndefined();
  expect(() => secrets.read('missing')).toThrow(/^ResourceNotFoundException: no secret missing$/);
});
