import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import '../../../sandbox/engine/lean-sdk.ts';

const require = createRequire(import.meta.url);
const loaded = (part: RegExp): string[] =>
  Object.values(require.cache).flatMap((m) =>
    m !== undefined && m.children.length > 0 && part.test(m.filename) ? [m.filename] : [],
  );

it('a program starts without compiler and package tree; who wants them gets them', async () => {
  const pulumi = await import('@pulumi/pulumi');
  expect(loaded(/npmcli.arborist.lib.index\.js$/)).toEqual([]);
  expect(loaded(/typescript-shim\.js$/)).toEqual([]);
  // Turning a function into text needs the compiler.
  const { text } = await pulumi.runtime.serializeFunction(() => 40 + 2);
  expect(text).toContain('40 + 2');
  expect(loaded(/typescript-shim\.js$/)).toHaveLength(1);
});
