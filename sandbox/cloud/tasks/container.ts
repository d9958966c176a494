import { CloudError } from '../options.ts';
import type { Image, Registry } from '../registry.ts';
import type { SecretStore } from '../secret-store.ts';

/** What of an ECS container definition matters here. Key names are AWS's. */
export interface ContainerDefinition {
  readonly name: string;
  readonly image: string;
  readonly essential?: boolean;
  readonly command?: readonly string[];
  readonly environment?: readonly { readonly name: string; readonly value: string }[];
  readonly secrets?: readonly { readonly name: string; readonly valueFrom: string }[];
}

export interface Launch {
  readonly image: Image;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Turns a container definition into something to start. Throws what ECS would stop the task with. */
export const launchOf = (
  container: ContainerDefinition,
  registry: Registry,
  secrets: SecretStore,
  base: Readonly<Record<string, string>>,
): Launch => {
  const image = registry.find(container.image);
  if (image === undefined)
    throw new CloudError('CannotPullContainerError', `image ${container.image} is not in the registry`);
  const environment: Record<string, string> = { ...base, ...image.environment };
  for (const { name, value } of container.environment ?? []) environment[name] = value;
  for (const { name, valueFrom } of container.secrets ?? []) environment[name] = secrets.resolve(valueFrom);
  const given = container.command ?? [];
  const command = given.length > 0 ? given : ['node', 'main.js'];
  return { image, command, environment };
};
