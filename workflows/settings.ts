import type { Deployed, Github } from '../config/github.types.ts';
import type { App } from '../config/types.ts';

/** Everything that decides what the files say: plain configuration, read by whoever calls. */
export interface WorkflowSettings {
  readonly github: Github;
  /** `sluice:app` of each environment's stack. */
  readonly apps: Readonly<Record<Deployed, App>>;
}

/** One environment of them. */
export interface Target {
  readonly deployed: Deployed;
  readonly stack: string;
  readonly app: App;
  readonly github: Github;
}

export const targetOf = ({ github, apps }: WorkflowSettings, deployed: Deployed): Target => ({
  deployed,
  stack: github.stacks[deployed],
  app: apps[deployed],
  github,
});
