import { repositoryOf } from '../../components/images.plan.ts';
import type { App, Notification } from '../../config/types.ts';
import { sandboxArtifacts } from '../../sandbox/adapters/artifacts.ts';
import type { Images } from '../../release/ports/supply.ts';
import { sandboxImages, readVersions, type SandboxImageOptions } from '../../sandbox/adapters/images.ts';
import { sandboxSecrets } from '../../sandbox/adapters/secrets.ts';
import type { Sandbox } from '../../sandbox/client.ts';

/**
 * What the cloud must hold before a stack can be deployed into it: the application's database, and a value for
 * every secret that its configuration names. Resolves to the database's URL, empty where there is none.
 */
export const seedStack = async (sandbox: Sandbox, app: App): Promise<string> => {
  const url = app.database === undefined ? '' : await databaseOf(sandbox, app);
  const store = sandboxSecrets(sandbox);
  const databaseSecret = app.database === undefined ? undefined : app.secrets[app.database.url];
  for (const secret of new Set(Object.values(app.secrets))) {
    const hook = app.notifications.find((n) => (app.secrets[n.secret] ?? n.secret) === secret);
    const value = hook === undefined ? `sandbox-value-of-${secret}` : await receiverOf(sandbox, hook.to);
    await store.put(secret, secret === databaseSecret ? url : value);
  }
  return url;
};

/** URL of a database of the cloud's own, made unless it is there. */
export const databaseOf = async (
  sandbox: Sandbox,
  { application, environment }: Pick<App, 'application' | 'environment'>,
): Promise<string> => {
  const name = `${application}_${environment}`.replaceAll('-', '_');
  return (await sandbox.call<{ url: string }>('POST', '/postgres/databases', { name })).url;
};

/** The sandbox's own end of a channel: what is sent there is kept, and `GET /webhooks/<channel>` shows it. */
const receiverOf = async (sandbox: Sandbox, to: Notification['to']): Promise<string> => {
  if (to === 'email') return (await sandbox.call<{ url: string }>('POST', '/mailbox')).url;
  const url = `${sandbox.url}/webhooks/${to}`;
  return to === 'pagerduty' ? `${url}#sandbox-routing-key` : url;
};

/** What builds in the sandbox: images, or artifacts of functions. */
export const buildsOf = (
  sandbox: Sandbox,
  { target }: Pick<App, 'target'>,
  options: SandboxImageOptions,
): Images =>
  target.kind === 'lambda' ? sandboxArtifacts(sandbox, options) : sandboxImages(sandbox, options);

/** Where the images of an application's services are, or their artifacts. */
export const repositoriesOf = ({ services, images }: Pick<App, 'services' | 'images'>): string[] =>
  Object.keys(services).map((service) => repositoryOf(images, service));

/** Publishes every version of the application, as a pipeline would have done. */
export const seedImages = async (
  sandbox: Sandbox,
  app: App,
  application: string,
): Promise<readonly string[]> => {
  const { versions } = await readVersions(application);
  const repositories = repositoriesOf(app);
  const images = buildsOf(sandbox, app, { application });
  for (const version of Object.keys(versions)) await images.build(version, repositories, () => undefined);
  return Object.keys(versions);
};
