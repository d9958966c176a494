import type { Alias as WireAlias } from '@pulumi/pulumi/proto/alias_pb.js';
import type { RegisterResourceRequest } from '@pulumi/pulumi/proto/resource_pb.js';
import type { Props } from '../provider/contract.ts';
import { refused } from '../../lib/errors.ts';
import type { Timeouts } from './types.ts';
import type { Alias } from './urn.ts';
import { REFERENCE_TYPE, isProviderType } from './urn.ts';

/** One resource as the program wants it. */
export interface Goal {
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  readonly parent: string;
  readonly inputs: Props;
  readonly dependencies: readonly string[];
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  readonly provider: string;
  readonly aliases: readonly Alias[];
  /** Undefined: inherited from the parent. */
  readonly protect: boolean | undefined;
  readonly retainOnDelete: boolean | undefined;
  readonly deletedWith: string;
  /** Undefined: as the provider says. */
  readonly deleteBeforeReplace: boolean | undefined;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  readonly additionalSecretOutputs: readonly string[];
  readonly timeouts: Timeouts;
}

export const unsupported = (what: string, where: string): Error =>
  refused(
    `the embedded engine does not know ${what} (${where})`,
    'Leave it out, or run this program through the real engine (`pulumi`).',
  );

const UNITS: Readonly<Record<string, number>> = {
  h: 3600,
  m: 60,
  s: 1,
  ms: 0.001,
  us: 1e-6,
  µs: 1e-6,
  ns: 1e-9,
};
const DURATION = /^(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|µs|ns))+$/;

/** `10m`, `1h30m`, `90s` in seconds; '' is 0. */
export const parseDuration = (text: string, where: string): number => {
  if (text === '') return 0;
  if (!DURATION.test(text))
    throw refused(
      `customTimeouts of ${where}: ${JSON.stringify(text)} is no duration`,
      'Write it like 10m, 1h30m or 90s.',
    );
  let seconds = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g))
    seconds += Number(number) * (UNITS[unit ?? ''] ?? 0);
  return seconds;
};

const aliasOf = (alias: WireAlias): Alias => {
  const spec = alias.hasSpec() ? alias.getSpec() : undefined;
  if (spec === undefined) return { urn: alias.getUrn() };
  return {
    name: spec.getName(),
    type: spec.getType(),
    stack: spec.getStack(),
    project: spec.getProject(),
    parent: spec.getParenturn(),
    noParent: spec.getNoparent(),
  };
};

/** Options that change what an engine does and that this one cannot do. Never silently ignored. */
const refuseUnknown = (request: RegisterResourceRequest, where: string): void => {
  const refuse = (used: boolean, option: string): void => {
    if (used) throw unsupported(`the option ${option}`, where);
  };
  refuse(request.getImportid() !== '', 'import');
  refuse(request.getRemote(), 'remote components');
  refuse(request.getTransformsList().length > 0, 'transforms');
  refuse(request.getStateMigrationsList().length > 0, 'stateMigrations');
  refuse(request.getHooks() !== undefined, 'hooks');
  refuse(request.getHidediffsList().length > 0, 'hideDiffs');
  refuse(request.getReplaceWithList().length > 0, 'replaceWith');
  refuse(request.getReplacementTrigger() !== undefined, 'replacementTrigger');
  refuse(request.getEnvvarmappingsMap().getLength() > 0, 'envVarMappings');
  refuse(request.getPackageref() !== '', 'parameterized packages');
  refuse(request.getSnippetid() !== '', 'snippets');
  refuse(
    request.getCustomtimeouts()?.getRead() !== undefined && request.getCustomtimeouts()?.getRead() !== '',
    'customTimeouts.read',
  );
  const type = request.getType();
  refuse(type === REFERENCE_TYPE, 'a stack reference that is created');
  refuse(request.getCustom() && type.startsWith('pulumi:') && !isProviderType(type), `the type ${type}`);
  refuse(type.startsWith('pulumi-nodejs:dynamic:'), 'dynamic providers');
};

const struct = (value: { toJavaScript(): unknown } | undefined): Props =>
  (value?.toJavaScript() ?? {}) as Props;

/**
 * Reads a registration. `version` and `pluginDownloadURL` choose a plugin binary; here handlers stand in for all of
 * them, so both are accepted and have no effect. Refuses every option this engine does not know.
 */
export const readGoal = (request: RegisterResourceRequest): Goal => {
  const where = `resource ${request.getName()} [${request.getType()}]`;
  refuseUnknown(request, where);
  const timeouts = request.getCustomtimeouts();
  const propertyDependencies: Record<string, readonly string[]> = {};
  for (const [key, value] of request.getPropertydependenciesMap().entries() as Iterable<
    [string, RegisterResourceRequest.PropertyDependencies]
  >) {
    const urns = value.getUrnsList();
    if (urns.length > 0) propertyDependencies[key] = urns;
  }
  return {
    type: request.getType(),
    name: request.getName(),
    custom: request.getCustom(),
    parent: request.getParent(),
    inputs: struct(request.getObject()),
    dependencies: request.getDependenciesList(),
    propertyDependencies,
    provider: request.getProvider(),
    aliases: [
      ...request.getAliasesList().map(aliasOf),
      ...request.getAliasurnsList().map((urn) => ({ urn })),
    ],
    protect: request.hasProtect() ? request.getProtect() : undefined,
    retainOnDelete: request.hasRetainondelete() ? request.getRetainondelete() : undefined,
    deletedWith: request.getDeletedwith(),
    deleteBeforeReplace: request.getDeletebeforereplacedefined()
      ? request.getDeletebeforereplace()
      : undefined,
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    timeouts: {
      create: parseDuration(timeouts?.getCreate() ?? '', where),
      update: parseDuration(timeouts?.getUpdate() ?? '', where),
      delete: parseDuration(timeouts?.getDelete() ?? '', where),
    },
  };
};
