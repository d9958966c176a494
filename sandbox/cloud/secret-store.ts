import { createHash, randomUUID } from 'node:crypto';
import { CloudError } from './options.ts';

interface StoredSecret {
  readonly name: string;
  readonly arn: string;
  current: string;
  readonly versions: Map<string, string>;
}

/** Secrets by name, every version kept. In memory only. */
export class SecretStore {
  readonly #secrets = new Map<string, StoredSecret>();
  readonly #prefix: string;

  constructor(region: string, account: string) {
    this.#prefix = `arn:aws:secretsmanager:${region}:${account}:secret:`;
  }

  /** A changed value is a new version; the same value again changes nothing. */
  put(name: string, value: string): { arn: string; version: string } {
    const suffix = createHash('sha256').update(name).digest('hex').slice(0, 6);
    const secret = this.#secrets.get(name) ?? {
      name,
      arn: `${this.#prefix}${name}-${suffix}`,
      current: '',
      versions: new Map<string, string>(),
    };
    this.#secrets.set(name, secret);
    if (secret.versions.get(secret.current) !== value) {
      secret.current = randomUUID();
      secret.versions.set(secret.current, value);
    }
    return { arn: secret.arn, version: secret.current };
  }

  /** By name or ARN; undefined when there is no such secret. */
  describe(nameOrArn: string): { arn: string; version: string } | undefined {
    const secret = this.#find(nameOrArn);
    return secret === undefined ? undefined : { arn: secret.arn, version: secret.current };
  }

  read(nameOrArn: string, version?: string): string {
    const secret = this.#find(nameOrArn);
    const value = secret?.versions.get(version ?? secret.current);
    if (value === undefined)
      throw new CloudError(
        'ResourceNotFoundException',
        `no secret ${nameOrArn}${version === undefined ? '' : ` in version ${version}`}`,
      );
    return value;
  }

  /** ECS's `valueFrom`: an ARN, optionally followed by `:json-key:version-stage:version-id`. */
  resolve(valueFrom: string): string {
    const [arn, key, version] = valueFrom.startsWith('arn:')
      ? splitArn(valueFrom)
      : [valueFrom, undefined, undefined];
    const value = this.read(arn, version);
    if (key === undefined) return value;
    const field = (JSON.parse(value) as Record<string, unknown>)[key];
    if (typeof field !== 'string')
      throw new CloudError('ResourceInitializationError', `secret ${arn} has no text under the key ${key}`);
    return field;
  }

  names(): string[] {
    return [...this.#secrets.keys()];
  }

  #find(nameOrArn: string): StoredSecret | undefined {
    return (
      this.#secrets.get(nameOrArn) ?? [...this.#secrets.values()].find((secret) => secret.arn === nameOrArn)
    );
  }
}

const splitArn = (valueFrom: string): [string, string | undefined, string | undefined] => {
  const parts = valueFrom.split(':');
  const orNone = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
  return [parts.slice(0, 7).join(':'), orNone(parts[7]), orNone(parts[9])];
};
