import type { FrozenService, SecretReference, Slot } from '../../config/release.types.ts';
import type { App, Service } from '../../config/types.ts';
import { ExpectedError, EXIT } from '../../lib/errors.ts';

/** Everything a slot needs besides the configuration. */
export interface SlotSources {
  readonly version: string;
  readonly deployment: string;
  /** Service → `name@sha256:…`. */
  readonly images: Readonly<Record<string, string>>;
  /** Name in `App.secrets` → its current version. */
  readonly secrets: Readonly<Record<string, SecretReference>>;
}

const missing = (what: string, service: string, name: string, hint: string): ExpectedError =>
  new ExpectedError(`${what} for service ${service} is missing: ${name}`, { exit: EXIT.refused, hint });

const freezeService = (name: string, service: Service, sources: SlotSources): FrozenService => {
  const image = sources.images[name];
  if (image === undefined)
    throw missing(
      'image',
      name,
      sources.version,
      `build and push ${name}:${sources.version}, then run this again`,
    );
  const secrets: Record<string, SecretReference> = {};
  for (const key of service.secrets) {
    const reference = sources.secrets[key];
    if (reference === undefined) throw missing('secret', name, key, `create it in AWS Secrets Manager`);
    secrets[key] = { arn: reference.arn, version: reference.version };
  }
  return {
    kind: service.kind,
    image,
    cpu: service.cpu,
    memory: service.memory,
    replicas: service.replicas,
    port: service.port,
    paths: service.paths,
    ...(service.priority === undefined ? {} : { priority: service.priority }),
    critical: service.critical,
    environment: service.environment,
    secrets,
    health: service.health,
    ...(service.command === undefined ? {} : { command: service.command }),
    ...(service.function === undefined ? {} : { function: service.function }),
  };
};

/** A slot's own copy of the services' definition: from here on editing `app` does not change it. */
export const freeze = (app: App, sources: SlotSources): Slot => ({
  version: sources.version,
  deployment: sources.deployment,
  services: Object.fromEntries(
    Object.entries(app.services).map(([name, service]) => [name, freezeService(name, service, sources)]),
  ),
});
