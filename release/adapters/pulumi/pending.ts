import { nameOf } from './events.ts';

/** An operation of a killed update whose end nobody saw. */
export interface PendingOperation {
  readonly type: string;
  readonly resource: {
    readonly urn: string;
    readonly type: string;
    readonly inputs?: Readonly<Record<string, unknown>>;
  };
}

type Inputs = Readonly<Record<string, unknown>>;

const text = (inputs: Inputs, key: string): string | undefined => {
  const value = inputs[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

const joined = (...parts: readonly (string | undefined)[]): string | undefined =>
  parts.every((p) => p !== undefined) ? parts.join('') : undefined;

/** Types whose id follows from what was asked for: whether they were made can be looked up. */
const IDS: Readonly<Record<string, (inputs: Inputs) => string | undefined>> = {
  'aws:ecs/service:Service': (i) => {
    const [, region, name] =
      /^(arn:[^:]+:ecs:[^:]+:[^:]+):cluster\/(.+)$/.exec(text(i, 'cluster') ?? '') ?? [];
    return joined(region, ':service/', name, '/', text(i, 'name'));
  },
  'aws:iam/role:Role': (i) => text(i, 'name'),
  'aws:iam/rolePolicy:RolePolicy': (i) => joined(text(i, 'role'), ':', text(i, 'name')),
  'aws:cloudwatch/logGroup:LogGroup': (i) => text(i, 'name'),
  'aws:s3/bucket:Bucket': (i) => text(i, 'bucket'),
  'aws:s3/bucketObjectv2:BucketObjectv2': (i) => joined(text(i, 'bucket'), '/', text(i, 'key')),
};

/** The id that a resource has if it was made after all; undefined where only the cloud knows. */
export const idOf = ({ resource: { type, inputs = {} } }: PendingOperation): string | undefined =>
  /^aws:s3\/bucket[A-Z]/.test(type) && !(type in IDS) ? text(inputs, 'bucket') : IDS[type]?.(inputs);

/** A checkpoint as `pulumi stack export` prints it; what is not named here is kept as it is. */
export interface Checkpoint {
  readonly deployment?: {
    readonly pending_operations?: readonly PendingOperation[];
    readonly resources?: readonly StoredResource[];
  };
}
export interface StoredResource {
  readonly urn: string;
  readonly type: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

export interface Settled<C> {
  /** The checkpoint without pending creates. */
  readonly checkpoint: C;
  /** URNs that were taken in with the id they have if they were made; they are to be read next. */
  readonly adopted: readonly string[];
  /** URNs that were forgotten: their ids are not known. */
  readonly forgotten: readonly string[];
}

/**
 * Settles creates that a kill cut off, before the next update makes the same things again. Pending updates and
 * deletes need nothing: an update repeats them. Undefined: there is nothing to settle.
 */
export const settle = <C extends Checkpoint>(checkpoint: C): Settled<C> | undefined => {
  const { deployment } = checkpoint;
  const pending = deployment?.pending_operations ?? [];
  const creates = pending.filter((p) => p.type === 'creating');
  if (creates.length === 0) return undefined;
  const resources = [...(deployment?.resources ?? [])];
  const adopted: string[] = [];
  const forgotten: string[] = [];
  for (const operation of creates) {
    const { resource } = operation;
    const id = idOf(operation);
    // A replacement stands beside what it replaces: the update sorts that out.
    const alone = resources.every((r) => r.urn !== resource.urn);
    if (id === undefined || !alone) forgotten.push(resource.urn);
    else {
      adopted.push(resource.urn);
      resources.push({ ...resource, id, outputs: resource.inputs ?? {} } as StoredResource);
    }
  }
  const others = pending.filter((p) => p.type !== 'creating');
  return {
    checkpoint: { ...checkpoint, deployment: { ...deployment, resources, pending_operations: others } },
    adopted,
    forgotten,
  };
};

/** What a person reads about it. */
export const settledText = ({ adopted, forgotten }: Settled<unknown>): string => {
  const names = (urns: readonly string[]): string => urns.map(nameOf).join(', ');
  return [
    'an earlier update was killed while it made resources',
    ...(adopted.length === 0 ? [] : [`looked up, and kept if there: ${names(adopted)}`]),
    ...(forgotten.length === 0 ? [] : [`forgotten, because their ids are not known: ${names(forgotten)}`]),
  ].join('; ');
};
