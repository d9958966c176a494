import type { Release } from '../../config/release.types.ts';
import type { App } from '../../config/types.ts';
import { refused } from '../../lib/errors.ts';
import { recordStore } from '../adapters/records.ts';
import { liveSlot } from '../core/release.ts';
import type { RunOptions } from './types.ts';
import { withLease } from './with-lease.ts';

export interface MaintenanceRequest {
  readonly deployment: string;
  readonly closed: boolean;
  readonly by: string;
  readonly reason: string;
}

export interface Maintained {
  readonly closed: boolean;
  /** False: it was so already, and nothing was done. */
  readonly changed: boolean;
  readonly serial: number;
  /** What was kept in the record bucket, where something changed. */
  readonly record?: string;
}

/** Throws (exit 3) where there is nothing in front of the services that a page could come from. */
const requireDoor = ({ target, environment }: App): void => {
  if (target.kind === 'lambda')
    throw refused(
      `${environment} runs on Lambda: a function is called by its alias, and no page can stand before it`,
      'close it where its callers are: the API or the event source',
    );
  if (target.kind === 'hosts' && target.proxy === undefined)
    throw refused(
      `nothing stands in front of the containers of ${environment}: no page can`,
      'let the host’s web server be written: hosts.proxy in sluice:app',
    );
};

const wanted = (release: Release, { closed, deployment }: MaintenanceRequest): Release => {
  const { maintenance: _, ...rest } = release;
  return {
    ...rest,
    serial: release.serial + 1,
    replaces: release.serial,
    ...(closed ? { maintenance: { by: 'person', deployment } } : {}),
  };
};

/**
 * Closes an application to its users, or opens it again, by one update under the environment's lease; versions and
 * shares stay as they are. Throws (exit 3) when a release runs, or where there is nothing to close.
 */
export const runMaintenance = async (o: RunOptions, request: MaintenanceRequest): Promise<Maintained> => {
  requireDoor(o.app);
  const { environment } = o.app;
  return withLease(o, environment, request.deployment, async (signal) => {
    const release = (await o.ports.stack.outputs())?.release;
    if (release === undefined || liveSlot(release) === undefined)
      throw refused(`nobody is served in ${environment} yet: there is nothing to close`);
    const { closed } = request;
    if ((release.maintenance !== undefined) === closed)
      return { closed, changed: false, serial: release.serial };
    const next = wanted(release, request);
    const { outputs } = await o.ports.stack.up(next, {
      signal,
      onEvent: (e) => o.ports.logs.append('rollout', e.text),
    });
    const record = `maintenance/${environment}/${request.deployment}-${closed ? 'on' : 'off'}.json`;
    const { by, reason, deployment } = request;
    const at = new Date(o.clock.now()).toISOString();
    const body = { format: 1, environment, deployment, at, closed, by, reason, serial: next.serial };
    await recordStore(o.ports.objects.record, environment).keep(
      record,
      `${JSON.stringify(body, undefined, 2)}\n`,
    );
    return { closed, changed: true, serial: outputs.release?.serial ?? next.serial, record };
  });
};
