import { refused } from '../../lib/errors.ts';
import { leaseStore } from '../adapters/lease.ts';
import { leaseKeeper } from './keeper.ts';
import type { RunOptions } from './types.ts';

/**
 * Does one short piece of work under the environment's lease; the signal stops it when the lease is lost. Throws
 * (exit 3) when somebody else holds it.
 */
export const withLease = async <T>(
  o: RunOptions,
  environment: string,
  deployment: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const stop = new AbortController();
  const keeper = leaseKeeper({
    store: leaseStore(o.ports.objects.lease, environment, o.clock),
    clock: o.clock,
    deployment,
    holder: o.holder,
    token: o.token(),
    ttlMs: o.leaseTtlMs ?? 30_000,
    onLost: () => stop.abort(new Error('the lease was lost')),
  });
  const answer = await keeper.acquire(false, stop.signal);
  if (answer.kind === 'taken')
    throw refused(
      `deployment ${answer.by.deployment} by ${answer.by.holder} holds ${environment}`,
      'sluice status',
    );
  try {
    return await work(stop.signal);
  } finally {
    await keeper.letGo();
  }
};
