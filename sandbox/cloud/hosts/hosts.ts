import { join } from 'node:path';
import type { Reaper } from '../reaper-client.ts';
import type { Registry } from '../registry.ts';
import { CloudError } from '../options.ts';
import type { Host, HostAddress, HostFault } from './host.ts';

/** The machines of this cloud that are reached over SSH; made when they are asked for. */
export class Hosts {
  readonly #hosts = new Map<string, Promise<Host>>();
  readonly #parts: {
    readonly registry: Registry;
    readonly reaper: Reaper;
    readonly postgres: (() => string) | undefined;
    readonly directory: string;
  };

  constructor(parts: {
    registry: Registry;
    reaper: Reaper;
    postgres: (() => string) | undefined;
    directory: string;
  }) {
    this.#parts = parts;
  }

  /** Starts a machine of this name unless it is there, and says how it is reached. */
  async make(name: string): Promise<HostAddress> {
    const known = this.#hosts.get(name);
    if (known !== undefined) return (await known).address;
    const started = import('./host.ts').then(({ Host }) =>
      Host.start({ ...this.#parts, directory: join(this.#parts.directory, name) }),
    );
    this.#hosts.set(name, started);
    return (await started).address;
  }

  async #host(name: string): Promise<Host> {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new CloudError('NoSuchHost', `there is no host ${name}`);
    return host;
  }

  async fault(name: string, fault: HostFault): Promise<void> {
    (await this.#host(name)).fault(fault);
  }

  /** What runs there: container → status. */
  async containers(name: string): Promise<Record<string, { image: string; status: string }>> {
    const { engine } = await this.#host(name);
    return Object.fromEntries(
      [...engine.containers].map(([key, c]) => [key, { image: c.spec.image, status: c.status }]),
    );
  }

  async close(): Promise<void> {
    for (const host of this.#hosts.values()) await (await host).close();
  }
}
