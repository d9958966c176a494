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
  // A program speaks no SSH. In place there is nothing to ask; with two slots the engine asks before every update.
  live: () => Promise.resolve(undefined),
  artifacts: resolveImages,
  declare: (args) => declareHosts(onHosts(args.settings.app), args),
};
