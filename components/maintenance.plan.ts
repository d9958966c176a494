import { closedPage, type MaintenanceSettings } from '../config/maintenance.ts';
import { priorityOf } from './priorities.plan.ts';

export interface MaintenancePlanArgs {
  readonly settings: MaintenanceSettings;
  /** Public address of the application, e.g. `https://azora.world`. */
  readonly url: string;
  /** Whether other applications stand behind the same load balancer. */
  readonly shared: boolean;
}

export interface MaintenancePlan {
  /** Behind every preview rule, which probes come by, and before every production rule. */
  readonly priority: number;
  /** Host that the rule is for; undefined: everything that comes in. */
  readonly host: string | undefined;
  readonly page: string;
}

export const planMaintenance = ({ settings, url, shared }: MaintenancePlanArgs): MaintenancePlan => ({
  priority: priorityOf('production', 0),
  host: shared ? new URL(url).hostname : undefined,
  page: closedPage(settings),
});
