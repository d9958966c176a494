import type { App } from '../../config/types.ts';
import type { Sandbox } from '../../sandbox/client.ts';
import type { Visit } from '../../sandbox/traffic/plan.ts';
import type { Example } from './example.ts';

/** Where users come in, and what they ask for. Functions are called through Lambda's own API. */
export const usersOf = (
  { visits }: Pick<Example, 'visits'>,
  { target, environment }: Pick<App, 'target' | 'environment'>,
  url: string,
  sandbox: Pick<Sandbox, 'lambda'>,
): { readonly url: string; readonly visits: readonly Visit[] } => ({
  url: target.kind === 'lambda' ? sandbox.lambda : url,
  visits: visits.map((v) => ({ ...v, path: v.path.replaceAll('{environment}', environment) })),
});
