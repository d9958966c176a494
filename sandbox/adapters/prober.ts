import { httpProber } from '../../release/adapters/http-prober.ts';
import type { Prober } from '../../release/ports/prober.ts';
import type { Sandbox } from '../client.ts';

/** Probes slots through their preview rules, and asks the balancer how it sees their targets. */
export const sandboxProber = (sandbox: Sandbox): Prober =>
  httpProber((targetGroups) => sandbox.call('POST', '/balancer/targets', { targetGroups }));
