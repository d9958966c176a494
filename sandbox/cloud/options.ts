/** How this local cloud differs from a real one: compressed times and fewer processes. */
export interface CloudOptions {
  /** Holds logs, images, data. Everything the cloud writes is below. */
  readonly directory: string;
  /** Where commands of `command:local:Command` run. */
  readonly cwd: string;
  readonly region: string;
  readonly account: string;
  /** Processes per ECS service, whatever its desired count says (0 stays 0). */
  readonly tasksPerService: number;
  /** Health-check intervals and drain times are multiplied by this. */
  readonly timeFactor: number;
  /** How long a service may take to become steady, seconds, where the resource sets no timeout of its own. */
  readonly steadySeconds: number;
  /** Whether the directory goes when the cloud does. */
  readonly temporary: boolean;
  /** Whether PostgreSQL is started. */
  readonly postgres: boolean;
}

export const DEFAULT_OPTIONS: Omit<CloudOptions, 'directory' | 'cwd'> = {
  region: 'eu-central-1',
  account: '000000000000',
  tasksPerService: 1,
  timeFactor: 0.02,
  steadySeconds: 15,
  temporary: false,
  postgres: true,
};

/** What AWS would answer when it refuses, or what went wrong in a part of the cloud: an error of one resource. */
export class CloudError extends Error {
  override readonly name = 'CloudError';
  /** AWS's own code where there is one, e.g. `PriorityInUse`. */
  readonly code: string;
  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}
