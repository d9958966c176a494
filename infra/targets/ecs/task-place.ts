import type * as pulumi from '@pulumi/pulumi';
import type { Network } from '../../../components/network.ts';
import type { App } from '../../../config/types.ts';
import type { Values } from '../../commands.ts';
import type { ServiceOfSlot } from './slots.ts';

export interface TaskPlaceArgs {
  readonly app: App;
  readonly clusterArn: pulumi.Input<string>;
  readonly network: Network;
  /** Services of the slot that the migration is for. */
  readonly fresh: readonly ServiceOfSlot[];
}

/**
 * Where a migration runs that no runner's way leads to: beside the first new service that is given the database's URL,
 * with its image, roles, subnets and security groups. So whatever lets that service reach the database lets the task.
 */
export const taskPlace = ({ app, clusterArn, network, fresh }: TaskPlaceArgs): Values => {
  const { database } = app;
  if (database?.runs !== 'task') return {};
  const beside = fresh.find(({ name }) => app.services[name]?.secrets.includes(database.url) === true);
  if (beside === undefined) return {};
  return {
    SLUICE_CLUSTER: clusterArn,
    SLUICE_SUBNETS: network.taskSubnetIds.apply((ids) => ids.join(',')),
    SLUICE_SECURITY_GROUPS: beside.made.place.groupIds.apply((ids) => ids.join(',')),
    SLUICE_TASK_DEFINITION: beside.made.place.definitionArn,
    ...(network.taskPublicIp ? { SLUICE_TASK_PUBLIC: 'true' } : {}),
  };
};
