import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leaseStore } from '../../../../release/adapters/lease.ts';
import { ask, letGo, renew, type Lease } from '../../../../release/core/lease/lease.ts';
import { MemoryObjects, TestClock } from '../../../support/world.ts';

const TTL = 30_000;
const want = (deployment: string, token: string, preempt = false) => ({
  deployment,
  holder: 'ada@laptop',
  token,
  ttlMs: TTL,
  preempt,
});

describe('the lease', () => {
  it('goes to whoever asks first; the next one is told who has it', () => {
    const first = ask(undefined, want('d1', 'a'), 0);
    if (first.kind !== 'granted') throw new Error('the first is granted');
    expect(ask(first.lease, want('d2', 'b'), 10)).toEqual({ kind: 'taken', by: first.lease });
    expect(ask(first.lease, want('d2', 'b'), TTL)).toMatchObject({ kind: 'granted', lease: { serial: 2 } });
  });

  it('belongs to the deployment: its next runner waits for the end, or comes at once when it was handed on', () => {
    const first = ask(undefined, want('d1', 'a'), 0);
    if (first.kind !== 'granted') throw new Error('the first is granted');
    expect(ask(first.lease, want('d1', 'b'), 10)).toEqual({ kind: 'wait', until: TTL });
    const kept = letGo(first.lease, 'a', 10, 3_600_000);
    expect(ask(kept, want('d1', 'b'), 20)).toMatchObject({
      kind: 'granted',
      lease: { serial: 2, token: 'b' },
    });
    expect(ask(kept, want('d2', 'c'), 20)).toMatchObject({ kind: 'taken' });
    expect(renew(kept, 'b', 20, TTL)).toBeUndefined();
  });

  it('never has two holders, whatever is done in whatever order', () => {
    const step = fc.record({
      token: fc.constantFrom('a', 'b', 'c'),
      what: fc.constantFrom('ask', 'preempt', 'renew', 'letGo'),
      pass: fc.integer({ min: 0, max: 40_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let lease: Lease | undefined;
        let now = 0;
        for (const { token, what, pass } of steps) {
          now += pass;
          const before = lease;
          if (what === 'renew') lease = renew(lease, token, now, TTL) ?? lease;
          else if (what === 'letGo') lease = letGo(lease, token, now, undefined) ?? lease;
          else {
            const answer = ask(lease, want(`d-${token}`, token, what === 'preempt'), now);
            if (answer.kind === 'granted') lease = answer.lease;
          }
          if (before !== undefined && lease?.token !== before.token) {
            expect(now >= before.expiresAt || what === 'preempt').toBe(true);
            expect(lease?.serial).toBe(before.serial + 1);
          }
        }
      }),
    );
  });

  it('on a store with compare-and-set: of many at once exactly one has it', async () => {
    const store = leaseStore(new MemoryObjects(), 'production', new TestClock());
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => store.acquire(want(`d${i}`, `t${i}`))),
    );
    expect(answers.filter((a) => a.kind === 'granted').length).toBe(1);
    expect(answers.filter((a) => a.kind === 'taken').length).toBe(9);
  });

  it('damaged: one clear error that names the object', async () => {
    const objects = new MemoryObjects();
    await objects.put('leases/production.json', '{');
    const store = leaseStore(objects, 'production', new TestClock());
    await expect(store.acquire(want('d1', 'a'))).rejects.toMatchObject({
      exit: 3,
      message: expect.stringContaining('leases/production.json') as string,
    });
  });
});
