import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createProvider } from '../provider/provider.ts';
import { handlers } from '../provider/handlers.ts';
import { identity } from '../provider/identity.ts';
import { Balancer } from './balancer/balancer.ts';
import { bucketStore } from './buckets.ts';
import { Faults } from './faults.ts';
import { Hosts } from './hosts/hosts.ts';
import { startLambdaApi } from './lambda/api.ts';
import { Functions } from './lambda/functions.ts';
import { Registry } from './registry.ts';
import { startS3, type S3 } from './s3/index.ts';
import { SecretStore } from './secret-store.ts';
import { Scheduler } from './tasks/scheduler.ts';
import { Mailbox } from './mailbox.ts';
import { Webhooks } from './webhooks.ts';
import type { CloudOptions } from './options.ts';
import type { Provider } from '../provider/contract.ts';
import type { Reaper } from './reaper-client.ts';

/** What is used of the PostgreSQL part. */
interface Postgres {
  url(database?: string): string;
  createDatabase(name: string): Promise<unknown>;
  close(): Promise<void>;
}

export interface Cloud {
  readonly options: CloudOptions;
  readonly balancer: Balancer;
  readonly scheduler: Scheduler;
  readonly registry: Registry;
  readonly secrets: SecretStore;
  readonly webhooks: Webhooks;
  readonly mailbox: Mailbox;
  readonly faults: Faults;
  readonly hosts: Hosts;
  readonly provider: Provider;
  readonly s3: S3;
  readonly functions: Functions;
  /** Where Lambda's API answers. */
  readonly lambda: string;
  readonly postgres: Postgres | undefined;
  /** What a shell, a command or a task needs to reach this cloud's S3. */
  environment(): Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Loaded only when it is wanted: a cloud without a database starts in a fraction of the time. */
const withPostgres = async (directory: string, reaper: Reaper): Promise<Postgres> => {
  const { startPostgres } = await import('./postgres/index.ts');
  return startPostgres({ directory, reaper });
};

/** Starts all parts. The caller serves the control API and says where it is (`control`). */
export const startCloud = async (
  options: CloudOptions,
  reaper: Reaper,
  around: { control(): { url: string; token: string }; log: (line: string) => void },
): Promise<Cloud> => {
  const { directory, region, account } = options;
  await mkdir(directory, { recursive: true });
  const [s3, postgres] = await Promise.all([
    startS3({ directory: join(directory, 's3') }),
    options.postgres ? withPostgres(join(directory, 'postgres'), reaper) : undefined,
  ]);
  const s3Environment = {
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'sandbox',
    AWS_SECRET_ACCESS_KEY: 'sandbox',
  };
  const environment = () => {
    const { url, token } = around.control();
    return {
      ...s3Environment,
      AWS_ENDPOINT_URL_LAMBDA: lambdaApi.url,
      SLUICE_SANDBOX: url,
      SLUICE_SANDBOX_TOKEN: token,
    };
  };
  const ids = identity(region, account);
  const balancer = new Balancer(options.timeFactor);
  const registry = new Registry(join(directory, 'images'));
  const secrets = new SecretStore(region, account);
  const faults = new Faults();
  const webhooks = new Webhooks();
  const mailbox = new Mailbox((mail) => webhooks.receive('email', mail));
  const scheduler = new Scheduler({
    balancer,
    reaper,
    registry,
    secrets,
    logs: join(directory, 'logs'),
    // Tasks reach S3, but not the control API: its token would let them do anything.
    base: () => ({ ...s3Environment, HOME: directory }),
  });
  const hosts = new Hosts({
    registry,
    reaper,
    postgres: postgres === undefined ? undefined : () => postgres.url(),
    directory: join(directory, 'hosts'),
  });
  const buckets = bucketStore(s3);
  const functions = new Functions({
    arn: (name) => ids.arn('lambda', `function:${name}`),
    region,
    directory: join(directory, 'lambda'),
    reaper,
    artifact: buckets.get,
    // As for tasks: S3, but not the control API.
    base: () => s3Environment,
  });
  const lambdaApi = await startLambdaApi(functions);
  const command = { cwd: options.cwd, reaper, environment, log: around.log };
  const table = handlers({ ids, options, balancer, scheduler, buckets, command, functions });
  return {
    options,
    balancer,
    scheduler,
    registry,
    secrets,
    webhooks,
    mailbox,
    faults,
    hosts,
    provider: createProvider({
      handlers: table,
      faults,
      ids,
      registry,
      balancer,
      secrets,
      functions,
      object: buckets.get,
    }),
    s3,
    functions,
    lambda: lambdaApi.url,
    postgres,
    environment,
    close: async () => {
      mailbox.close();
      await hosts.close();
      await Promise.all([functions.close(), lambdaApi.close()]);
      await scheduler.close();
      await balancer.close();
      await Promise.all([s3.close(), postgres?.close()]);
    },
  };
};
