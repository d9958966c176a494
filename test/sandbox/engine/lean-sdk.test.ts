import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** What a new process has loaded of the SDK's heavy parts: before a function is turned into text, and after. */
const SCRIPT = `
import { createRequire } from 'node:module';
await import(process.argv[1]);
const pulumi = await import('@pulumi/pulumi');
const { cache } = createRequire(process.argv[1]);
const loaded = (part) =>
  Object.values(cache).filter((m) => m !== undefined && m.children.length > 0 && part.test(m.filename)).length;
const seen = () => ({
  tree: loaded(/npmcli.arborist.lib.index\\.js$/),
  compiler: loaded(/typescript-shim\\.js$/),
});
const before = seen();
const { text } = await pulumi.runtime.serializeFunction(() => 40 + 2);
console.log(JSON.stringify({ before, text, after: seen() }));
`;

it('a program starts without compiler and package tree; who wants them gets them', () => {
  const engine = fileURLToPath(new URL('../../../sandbox/engine/lean-sdk.ts', import.meta.url));
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', SCRIPT, engine], {
    encoding: 'utf8',
  });
  const seen: unknown = JSON.parse(output);
  expect(seen).toMatchObject({
    before: { tree: 0, compiler: 0 },
    text: expect.stringContaining('40 + 2'),
    after: { compiler: 1 },
  });
});
