import { EXIT, ExpectedError } from '../../lib/errors.ts';
import type { ObjectStore } from '../../release/ports/objects.ts';
import type { Tasks } from '../../release/ports/supply.ts';
import { reader, VARIABLES } from './environment.ts';
import { migrationMarkerKey, readMarker, type MigrateInput, type MigrationMarker } from './migrate.ts';
import { runTask, seconds, type TaskPorts } from './task.ts';

/** A service's surroundings, in which the task runs. */
interface Place {
  readonly cluster: string;
  readonly basedOn: string;
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  readonly publicAddress: boolean;
}

const readPlace = (env: TaskPorts['env']): Place => {
  const read = reader('migrate', env);
  const list = (text: string): string[] => text.split(',').filter((id) => id !== '');
  const place: Place = {
    cluster: read.text(VARIABLES.cluster, 'the cluster that the task runs in'),
    basedOn: read.text(VARIABLES.taskDefinition, 'the service beside which it runs'),
    subnets: list(read.text(VARIABLES.subnets, 'the subnets of the task')),
    securityGroups: list(read.text(VARIABLES.securityGroups, 'the security groups of the task')),
    publicAddress: read.choice(VARIABLES.taskPublic, ['true', 'false'], 'false') === 'true',
  };
  read.done();
  return place;
};

const LONGEST_MS = 3_600_000;

/** One-off tasks where the environment says: in the sandbox that it names, otherwise on ECS. */
export const withTasks = async <T>(
  { env, clock }: Pick<TaskPorts, 'env' | 'clock'>,
  work: (tasks: Pick<Tasks, 'run'>) => Promise<T>,
): Promise<T> => {
  const place = readPlace(env);
  const read = reader('migrate', env);
  const timeoutMs = read.whole(VARIABLES.timeout, LONGEST_MS, 1) ?? LONGEST_MS;
  const startedBy = read.deployment();
  read.done();
  const url = env['SLUICE_SANDBOX'];
  const token = env['SLUICE_SANDBOX_TOKEN'];
  if (url !== undefined && token !== undefined) {
    const { connectSandbox } = await import('../../sandbox/client.ts');
    const { sandboxTasks } = await import('../../sandbox/adapters/tasks.ts');
    const sandbox = await connectSandbox({ url, token });
    try {
      return await work(sandboxTasks(sandbox, { taskDefinition: place.basedOn, timeoutMs }));
    } finally {
      await sandbox.close();
    }
  }
  const { CloudWatchLogsClient } = await import('@aws-sdk/client-cloudwatch-logs');
  const { awsSettings } = await import('../../release/adapters/aws/ports.ts');
  const { ecsClient } = await import('../../release/adapters/aws/services.ts');
  const { clientSettings } = await import('../../release/adapters/aws/settings.ts');
  const { ecsTasks } = await import('../../release/adapters/aws/tasks.ts');
  const settings = awsSettings(env);
  const logs = new CloudWatchLogsClient(clientSettings(settings));
  return work(ecsTasks({ ecs: ecsClient(settings), logs, clock, timeoutMs, startedBy, ...place }));
};

/** The service is given the database's URL under its own name. */
const commandOf = ({ command, after, urlName }: MigrateInput): string => {
  const url =
    urlName === undefined || urlName === 'DATABASE_URL' ? '' : `export DATABASE_URL="$${urlName}"\n`;
  return after === undefined ? `${url}${command}` : `${url}{ ${command}\n} && { ${after}\n}`;
};

/**
 * The migration of a deployment in a task with the new version's image, once: when its marker is there it ends at once.
 * The database itself is out of reach here, so nothing tells which migrations ran but the log. Throws `ExpectedError`
 * (exit 5) with the command's last words when it fails.
 */
export const migrateInNetwork = (
  input: MigrateInput,
  ports: Omit<TaskPorts, 'secrets'> & { readonly tasks: Pick<Tasks, 'run'> },
  records: ObjectStore,
): Promise<MigrationMarker> =>
  runTask({ ...input, kind: 'migrate' }, ports, async (task) => {
    const { environment, deployment, version } = input;
    const key = migrationMarkerKey(environment, deployment);
    const done = readMarker((await records.get(key))?.body);
    if (done !== undefined) {
      task.log(`the migration of ${deployment} has run at ${done.finishedAt}: nothing to do`);
      return done;
    }
    const startedAt = task.clock.now();
    const told = { VERSION: version, SLUICE_DEPLOYMENT: deployment, SLUICE_ENVIRONMENT: environment };
    const said: string[] = [];
    const onLine = (line: string): void => {
      said.push(line);
      if (said.length > 200) said.shift();
      task.log(`  ${line}`);
    };
    task.log(`running in the network: ${input.command}`);
    const { exitCode } = await ports.tasks.run(commandOf(input), told, onLine, task.signal);
    if (exitCode !== 0) throw failure(input, exitCode, said);
    const durationMs = task.clock.now() - startedAt;
    task.log(`the task ended well after ${seconds(durationMs)}`);
    const marker: MigrationMarker = {
      format: 1,
      environment,
      deployment,
      version,
      startedAt: new Date(startedAt).toISOString(),
      finishedAt: new Date(task.clock.now()).toISOString(),
      durationMs,
      applied: [],
      statements: [],
      destructive: [],
    };
    await records.put(key, `${JSON.stringify(marker, undefined, 2)}\n`, null);
    return marker;
  });

const failure = (input: MigrateInput, exitCode: number, said: readonly string[]): ExpectedError => {
  const error = said.findLast((line) => /error|fail/i.test(line)) ?? said.at(-1) ?? '';
  const head = `the migration failed (${input.command.slice(0, 120)} ended with ${exitCode} in its task)`;
  return new ExpectedError(error === '' ? head : `${head}\n  ${error.trim().slice(0, 500)}`, {
    exit: EXIT.personNeeded,
    hint: 'its log says how far it got: mend the migration or the database; traffic was not touched',
  });
};
