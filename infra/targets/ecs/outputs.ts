import * as pulumi from '@pulumi/pulumi';
import type { DatabaseCommand } from '../../../components/database-command.ts';
import type { Maintenance } from '../../../components/maintenance.ts';
import type { Routing } from '../../../components/routing.ts';
import { PREVIEW_HEADER } from '../../../components/service-slot.ts';
import type { RoutingOutput } from '../../../release/ports/stack.ts';
import type { ServiceOfSlot } from './slots.ts';

interface Made {
  readonly listenerArn: pulumi.Input<string>;
  readonly services: readonly ServiceOfSlot[];
  readonly routing: Routing;
  readonly commands: readonly DatabaseCommand[];
  /** While users are kept out. */
  readonly closed: Maintenance | undefined;
}

/** Ids of everything a release consists of: known when all of it is done. */
export const doneWith = ({ services, routing, commands, closed }: Made): pulumi.Output<unknown> =>
  pulumi.all([
    ...services.flatMap(({ made }) => [
      made.service.id,
      ...(made.previewRule === undefined ? [] : [made.previewRule.id]),
    ]),
    ...Object.values(routing.rules).map((rule) => rule.id),
    ...commands.map(({ command }) => command.id),
    ...(closed === undefined ? [] : [closed.rule.id]),
  ]);

export const routingOf = ({ listenerArn, services, routing }: Made): pulumi.Output<RoutingOutput> => {
  const groups = new Map<string, Record<string, pulumi.Output<string>>>();
  for (const { slot, name, made } of services)
    if (made.targetGroup !== undefined)
      groups.set(name, { ...groups.get(name), [slot]: made.targetGroup.arn });
  const serviceOf = (name: string, targetGroups: Record<string, pulumi.Output<string>>) => {
    const rule = routing.rules[name];
    return { ...(rule === undefined ? {} : { rule: rule.arn }), targetGroups };
  };
  return pulumi.output({
    listenerArn,
    services: Object.fromEntries([...groups].map(([name, of]) => [name, serviceOf(name, of)])),
    previewHeader: PREVIEW_HEADER,
  });
};
