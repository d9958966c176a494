import type { HostsApp } from '../../../config/hosts/types.ts';
import type { MetricSource } from '../../ports/metrics.ts';
import type { Prober } from '../../ports/prober.ts';
import type { Traffic } from '../../ports/traffic.ts';
import { httpProber } from '../http-prober.ts';
import { onMachines } from './machines.ts';
import { hostsTraffic } from './traffic.ts';

export interface HostsPorts {
  readonly traffic: Traffic;
  readonly prober: Prober;
  readonly metrics: MetricSource;
}

/** Nobody counts requests on hosts: the gate decides by probes (`gate.mode: health`). */
const noCounts: MetricSource = {
  windows: () => Promise.resolve([]),
  baseline: (groups) =>
    Promise.resolve(
      Object.fromEntries(
        Object.keys(groups).map((service) => [
          service,
          {
            requests: 0,
            errors: 0,
            seconds: 0,
            p50: undefined,
            p95: undefined,
            p99: undefined,
            errorWindows: [],
          },
        ]),
      ),
    ),
};

/** What the release core needs from machines reached over SSH. */
export const hostsPorts = (
  app: HostsApp,
  environment: Readonly<Record<string, string | undefined>>,
): HostsPorts => ({
  traffic: hostsTraffic(app, onMachines(app, environment)),
  // Containers' own health was waited for by the update; probes go the way of users, or to a slot by its header.
  prober: httpProber(() => Promise.resolve({})),
  metrics: noCounts,
});
