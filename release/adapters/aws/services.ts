import { DescribeServicesCommand, ECSClient, paginateListServices, type Service } from '@aws-sdk/client-ecs';
import { askingFor, parts } from './asking.ts';
import { clientSettings, type AwsSettings } from './settings.ts';

export const ACTIONS = ['ecs:ListServices', 'ecs:DescribeServices'] as const;

const ask = askingFor(ACTIONS);

/** ECS describes at most ten services at a time. */
const AT_ONCE = 10;
const A_LOOK_MS = 8_000;

export const ecsClient = (settings: AwsSettings): ECSClient => new ECSClient(clientSettings(settings));

export interface Scheduled {
  readonly service: string;
  readonly wanted: number;
  readonly running: number;
  /** Every wanted task runs, and no rollout is under way inside the service. */
  readonly steady: boolean;
}

/** The services of one ECS cluster by the target groups they register their tasks in. */
export interface ServiceWatch {
  /** A target group that no service of the cluster has is left out. */
  behind(targetGroups: readonly string[]): Promise<Readonly<Record<string, Scheduled>>>;
}

const groupsOf = (service: Service): string[] =>
  (service.loadBalancers ?? []).flatMap((l) => (l.targetGroupArn === undefined ? [] : [l.targetGroupArn]));

const scheduledOf = (service: Service): Scheduled => {
  const { desiredCount: wanted = 0, runningCount: running = 0, deployments = [] } = service;
  const [rollout] = deployments;
  // Services that were made before ECS had rollout states have none.
  const settled = deployments.length <= 1 && (rollout?.rolloutState ?? 'COMPLETED') === 'COMPLETED';
  return { service: service.serviceName ?? '', wanted, running, steady: settled && running === wanted };
};

export const serviceWatch = (client: ECSClient, cluster: string): ServiceWatch => {
  /** Target group → ARN of its service. Services come and go, so an unknown group makes it be read again. */
  const known = new Map<string, string>();

  const describe = async (arns: readonly string[]): Promise<Service[]> => {
    const answers = await Promise.all(
      parts(arns, AT_ONCE).map((services) =>
        ask(
          'ecs:DescribeServices',
          `in ${cluster}`,
          (o) => client.send(new DescribeServicesCommand({ cluster, services }), o),
          { timeoutMs: A_LOOK_MS },
        ),
      ),
    );
    return answers.flatMap((a) => a.services ?? []).filter((s) => s.status === 'ACTIVE');
  };

  const list = (): Promise<string[]> =>
    ask(
      'ecs:ListServices',
      `in ${cluster}`,
      async (o) => {
        const arns: string[] = [];
        for await (const page of paginateListServices({ client, pageSize: 100 }, { cluster }, o))
          arns.push(...(page.serviceArns ?? []));
        return arns;
      },
      { timeoutMs: A_LOOK_MS },
    );

  const remember = (services: readonly Service[]): void => {
    for (const service of services)
      for (const group of groupsOf(service)) known.set(group, service.serviceArn ?? '');
  };

  return {
    behind: async (targetGroups) => {
      const complete = targetGroups.every((g) => known.has(g));
      const wanted = targetGroups.flatMap((g) => known.get(g) ?? []);
      let services = complete ? await describe([...new Set(wanted)]) : [];
      const seen = new Set(services.flatMap(groupsOf));
      if (!targetGroups.every((g) => seen.has(g))) {
        services = await describe(await list());
        known.clear();
        remember(services);
      }
      return Object.fromEntries(
        services.flatMap((service) =>
          groupsOf(service)
            .filter((g) => targetGroups.includes(g))
            .map((g) => [g, scheduledOf(service)] as const),
        ),
      );
    },
  };
};
