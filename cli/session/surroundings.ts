import type { App } from '../../config/types.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Redactor } from '../../lib/redact.ts';
import type { Secrets } from '../../release/ports/supply.ts';
import type { StackOutputs, StackUpdater } from '../../release/ports/stack.ts';
import type { Ports } from '../../release/runner/types.ts';
import type { StackConfig } from './stack-config.ts';

export type OpenedUpdater = StackUpdater & { close?(): Promise<void> };

/** The ports whose adapters depend on where the stack is. */
export type CloudPorts = Pick<Ports, 'traffic' | 'prober' | 'metrics' | 'images' | 'source'>;

/** What a session works in: the sandbox, or AWS. */
export interface Surroundings {
  /** For people, e.g. `AWS (eu-west-1)`. */
  readonly name: string;
  /** What the SDK's clients and tasks find region, endpoint and credentials in. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Values that are hidden in everything that is said. */
  readonly hidden: readonly string[];
  readonly secrets: Secrets;
  /** The application as it can be watched there. Throws bad input where it cannot. */
  app(app: App): App;
  updater(config: StackConfig): Promise<OpenedUpdater>;
  ports(config: StackConfig, outputs: StackOutputs, around: { clock: Clock; hidden: Redactor }): CloudPorts;
}
