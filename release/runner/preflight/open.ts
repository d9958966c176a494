import type { Finding } from '../../core/engine/types.ts';
import { leaseStore } from '../../adapters/lease.ts';
import type { Context } from '../context.ts';

/** One release of an environment at a time: also one whose runner is gone is still under way. */
export const openFindings = async (c: Context): Promise<Finding[]> => {
  const { environment, deployment } = c.state.request;
  const open = (await c.journal.listOpen()).filter(
    (s) => s.request.deployment !== deployment && s.lease !== undefined,
  );
  if (open.length === 0) return [];
  const lease = await leaseStore(c.ports.objects.lease, environment, c.clock).read();
  return open.map(({ request, startedAt, phase, stages }) => {
    const alive = lease?.deployment === request.deployment && c.clock.now() < lease.expiresAt;
    const where = phase.name === 'stage' ? `stage ${stages[phase.index]?.name ?? ''}` : `phase ${phase.name}`;
    const since = new Date(startedAt).toISOString();
    const id = request.deployment;
    return {
      check: 'open',
      level: 'refuse',
      message: `deployment ${id} (${request.version} by ${request.by}) is under way in ${environment} since ${since}, in ${where}${alive ? '' : '; its runner is gone'}`,
      hint: alive
        ? `wait for it (sluice status), or sluice abort ${id}, or sluice rollback --mode emergency`
        : `sluice deploy --resume ${id}, or sluice deploy --resume ${id} --revert, or sluice rollback --mode emergency`,
    };
  });
};
