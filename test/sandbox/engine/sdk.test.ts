import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { KNOWN_SDK, loadSdk } from '../../../sandbox/engine/sdk.ts';

const require = createRequire(import.meta.url);

/**
 * The engine stands on the inside of the SDK. When one of these fails after an upgrade: read what is new, teach
 * sandbox/engine/goal.ts to honour or refuse it, then change the list here and KNOWN_SDK.
 */
describe('the SDK is the one the engine knows', () => {
  test('by version', () => {
    expect(loadSdk().version).toBe(KNOWN_SDK);
  });

  test('by the calls of a monitor', () => {
    expect([...loadSdk().calls].sort()).toEqual([
      'call',
      'existsResource',
      'getDeploymentInfo',
      'invoke',
      'readResource',
      'registerErrorHook',
      'registerPackage',
      'registerResource',
      'registerResourceHook',
      'registerResourceOutputs',
      'registerStackInvokeTransform',
      'registerStackTransform',
      'signalAndWaitForShutdown',
      'supportsFeature',
    ]);
  });

  test('by the fields of its requests: a new one would be an option that is silently ignored', () => {
    const proto = require('@pulumi/pulumi/proto/resource_pb.js') as Record<
      string,
      new () => { toObject(): Record<string, unknown> }
    >;
    const fields = (name: string): string[] => {
      const Message = proto[name];
      return Message === undefined ? [] : Object.keys(new Message().toObject()).sort();
    };
    expect(fields('RegisterResourceRequest')).toMatchInlineSnapshot(`
      [
        "acceptresources",
        "acceptsByteString",
        "acceptsecrets",
        "additionalsecretoutputsList",
        "aliasesList",
        "aliasspecs",
        "aliasurnsList",
        "custom",
        "customtimeouts",
        "deletebeforereplace",
        "deletebeforereplacedefined",
        "deletedwith",
        "dependenciesList",
        "envvarmappingsMap",
        "hidediffsList",
        "hooks",
        "ignorechangesList",
        "importid",
        "name",
        "object",
        "packageref",
        "parent",
        "parentstacktracehandle",
        "pluginchecksumsMap",
        "plugindownloadurl",
        "propertydependenciesMap",
        "protect",
        "provider",
        "providersMap",
        "remote",
        "replaceWithList",
        "replacementTrigger",
        "replaceonchangesList",
        "retainondelete",
        "snippetid",
        "sourceposition",
        "stacktrace",
        "stateMigrationsList",
        "supportspartialvalues",
        "supportsresultreporting",
        "transformsList",
        "type",
        "version",
      ]
    `);
    expect(fields('ReadResourceRequest')).toMatchInlineSnapshot(`
      [
        "acceptresources",
        "acceptsByteString",
        "acceptsecrets",
        "additionalsecretoutputsList",
        "dependenciesList",
        "id",
        "name",
        "packageref",
        "parent",
        "parentstacktracehandle",
        "pluginchecksumsMap",
        "plugindownloadurl",
        "properties",
        "provider",
        "sourceposition",
        "stacktrace",
        "type",
        "version",
      ]
    `);
    expect(fields('ResourceInvokeRequest')).toMatchInlineSnapshot(`
      [
        "acceptOutputValues",
        "acceptresources",
        "acceptsByteString",
        "args",
        "dependsonList",
        "packageref",
        "parent",
        "parentstacktracehandle",
        "pluginchecksumsMap",
        "plugindownloadurl",
        "provider",
        "sourceposition",
        "stacktrace",
        "tok",
        "version",
      ]
    `);
    expect(fields('RegisterResourceOutputsRequest')).toEqual(['outputs', 'urn']);
  });

  test('by the features a monitor can offer', () => {
    expect(['SECRETS', 'DELETED_WITH', 'ALIAS_SPECS'].map((name) => loadSdk().feature(name))).toEqual([
      expect.any(Number),
      expect.any(Number),
      expect.any(Number),
    ]);
    expect(() => loadSdk().feature('TELEPATHY')).toThrow(
      /knows @pulumi\/pulumi 3\.270\.0, and 3\.270\.0 is installed, where there is no monitor feature TELEPATHY/,
    );
  });
});
