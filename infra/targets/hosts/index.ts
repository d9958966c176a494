import { resolveImages } from '../../../components/images.ts';
import type { HostsApp } from '../../../config/hosts/types.ts';
import type { App } from '../../../config/types.ts';
import type { Target } from '../target.ts';
import { declareHosts } from './declare.ts';

const onHosts = (app: App): HostsApp => {
  if (app.target.kind !== 'hosts') throw new Error(`${app.application} does not run on hosts`);
  return { ...app, target: app.target };
};

/** Containers of docker compose on machines reached over SSH. */
export const hosts: Target = {
  carries: [],
  // In place nothing shares traffic out: whatever runs there gets all of it.
  live: (_stack, routing) =>
    Promise.resolve(
      Object.fromEntries(
        Object.entries(routing.services).map(([name, { targetGroups }]) => [
          name,
          Object.fromEntries(Object.keys(targetGroups).map((slot) => [slot, 100])),
        ]),
      ),
    ),
  artifacts: resolveImages,
  declare: (args) => declareHosts(onHosts(args.settings.app), args),
};
