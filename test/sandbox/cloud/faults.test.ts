import { expect, test } from 'vitest';
import { Faults } from '../../../sandbox/cloud/faults.ts';

const SERVICE = 'aws:ecs/service:Service';
const urn = (name: string): string => `urn:pulumi:production::sluice::${SERVICE}::${name}`;

test('a fault meets the call it is meant for, as often as it was asked to', async () => {
  const faults = new Faults();
  faults.add({
    kind: 'resource',
    on: 'create',
    type: 'aws:ecs/*',
    urn: '*::auth-*',
    fail: 'no capacity',
    times: 2,
  });
  await faults.meet('create', SERVICE, urn('education-green'));
  await faults.meet('update', SERVICE, urn('auth-green'));
  for (let i = 0; i < 2; i += 1)
    await expect(faults.meet('create', SERVICE, urn('auth-green'))).rejects.toThrow('no capacity');
  await faults.meet('create', SERVICE, urn('auth-green'));
  expect(faults.list()).toEqual([]);
});

test('a delayed call ends at once when it is aborted', async () => {
  const faults = new Faults();
  faults.add({ kind: 'resource', on: 'delete', delayMs: 60_000 });
  const abort = new AbortController();
  const call = faults.meet('delete', SERVICE, urn('x'), abort.signal);
  abort.abort();
  await expect(call).rejects.toThrow(/abort/i);
});

test('counts are hidden by name or ARN until the fault is taken back', () => {
  const faults = new Faults();
  const id = faults.add({ kind: 'lostMetrics', targetGroup: '*green*' });
  expect(faults.hides('auth-green', 'arn:1')).toBe(true);
  expect(faults.hides('auth-blue', 'arn:2')).toBe(false);
  faults.clear(id);
  expect(faults.hides('auth-green', 'arn:1')).toBe(false);
});
