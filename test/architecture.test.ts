import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

/**
 * The import arrows of the design. A room is the longest matching prefix; it may import itself, the rooms named
 * here, and the packages named here (`*`: any). Everything else is an error.
 */
const ROOMS: Record<string, { rooms: string[]; packages: string[] }> = {
  lib: { rooms: [], packages: ['node:'] },
  config: { rooms: ['lib'], packages: ['zod', 'yaml'] },
  components: { rooms: ['config', 'lib'], packages: ['@pulumi/', 'node:crypto'] },
  infra: {
    // workflows: the foundation can push the files that are rendered otherwise into the working tree.
    rooms: ['config', 'components', 'release/core', 'release/ports', 'lib', 'workflows'],
    packages: ['@pulumi/', 'node:crypto', 'node:fs'],
  },
  workflows: { rooms: ['config', 'lib'], packages: ['yaml'] },
  'release/core': { rooms: ['config', 'release/ports', 'lib'], packages: ['zod'] },
  'release/ports': { rooms: ['config', 'lib'], packages: [] },
  release: { rooms: ['config', 'lib', 'release/core', 'release/ports'], packages: ['*'] },
  // What both kinds of adapters share: an HTTP probe is the same in the sandbox and in AWS.
  'release/adapters/http-prober.ts': { rooms: ['config', 'lib', 'release/ports'], packages: ['undici'] },
  // The sandbox's remote commands and the real adapters speak SSH in the same way.
  'release/adapters/hosts/ssh.ts': { rooms: ['lib'], packages: ['ssh2'] },
  'sandbox/engine': { rooms: ['config', 'lib', 'release/ports', 'sandbox/provider'], packages: ['*'] },
  'sandbox/provider': { rooms: ['lib', 'sandbox', 'release/adapters/hosts/ssh.ts'], packages: ['*'] },
  'sandbox/grpc': { rooms: ['lib', 'sandbox', 'sandbox/provider'], packages: ['*'] },
  sandbox: {
    rooms: [
      'config',
      'lib',
      'release/core',
      'release/ports',
      'release/adapters/http-prober.ts',
      'sandbox/provider',
    ],
    packages: ['*'],
  },
  report: { rooms: ['release/core', 'release/ports', 'config', 'lib'], packages: ['*'] },
  cli: { rooms: ['*'], packages: ['*'] },
  bench: { rooms: ['*'], packages: ['*'] },
};
/** Packages that only some rooms may touch, whatever their list says. */
const RESERVED: Record<string, string[]> = {
  '@pulumi/': ['components', 'infra', 'sandbox/engine', 'sandbox/grpc', 'release', 'cli', 'bench'],
};

const root = resolve(import.meta.dirname, '..');
const roomOf = (file: string): string | undefined =>
  Object.keys(ROOMS)
    .filter((r) => file === r || file.startsWith(`${r}/`))
    .sort((a, b) => b.length - a.length)[0];

const sources = (): string[] =>
  Object.keys(ROOMS)
    .filter((r) => !r.includes('/') && existsSync(join(root, r)))
    .flatMap((room) =>
      readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
        .filter((f) => f.endsWith('.ts') && !f.includes('node_modules'))
        .map((f) => `${room}/${f}`),
    );

const IMPORT =
  /^\s*(?:import|export)\b[^'"]*?from\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]/gm;
const importsOf = (file: string): string[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(IMPORT)].map((m) => m[1] ?? m[2] ?? m[3] ?? '');

const violation = (file: string, specifier: string): string | undefined => {
  const from = roomOf(file);
  const rule = from === undefined ? undefined : ROOMS[from];
  if (from === undefined || rule === undefined) return `${file} is in no room`;
  if (specifier.startsWith('.')) {
    const target = relative(root, resolve(root, dirname(file), specifier));
    const to = roomOf(target);
    if (to === undefined)
      return target.startsWith('package.json') ? undefined : `${file} imports ${target}, which is in no room`;
    const allowed = rule.rooms.includes('*') || to === from || rule.rooms.includes(to);
    return allowed || to.startsWith(`${from}/`)
      ? undefined
      : `${from} may not import ${to}: ${file} → ${target}`;
  }
  const named = (list: string[]) =>
    list.includes('*') || list.some((p) => specifier === p || specifier.startsWith(p));
  const reserved = Object.entries(RESERVED).find(([prefix]) => specifier.startsWith(prefix));
  if (reserved !== undefined && !reserved[1].includes(from))
    return `${from} may not use ${specifier}: ${file}`;
  return named(rule.packages) ? undefined : `${from} may not use ${specifier}: ${file}`;
};

describe('the import arrows of the design', () => {
  it('hold in every file', () => {
    const files = sources();
    expect(files.length).toBeGreaterThan(10);
    expect(
      files.flatMap((f) => importsOf(f).map((s) => violation(f, s))).filter((v) => v !== undefined),
    ).toEqual([]);
  });

  it('see a forbidden arrow when there is one', () => {
    expect(violation('release/core/plan.ts', '@aws-sdk/client-s3')).toContain('may not use');
    expect(violation('release/core/plan.ts', 'node:fs')).toContain('may not use');
    expect(violation('config/app.ts', '../release/core/plan.ts')).toContain('may not import');
    expect(violation('sandbox/cloud/daemon.ts', '@pulumi/pulumi')).toContain('may not use');
    expect(violation('lib/errors.ts', '../config/types.ts')).toContain('may not import');
  });

  it('keep time and chance outside the pure core', () => {
    const impure = /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bsetTimeout\(|\bsetInterval\(|\bprocess\./;
    const found = sources()
      .filter((f) => f.startsWith('release/core/') || f.startsWith('config/') || f.endsWith('.plan.ts'))
      .filter((f) =>
        impure.test(readFileSync(join(root, f), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')),
      );
    expect(found).toEqual([]);
  });

  it('leave one place that ends the process', () => {
    const found = sources().filter((f) => /\bprocess\.exit\(/.test(readFileSync(join(root, f), 'utf8')));
    const processesOfTheirOwn = [
      'sandbox/daemon.ts',
      'sandbox/cloud/reaper.ts',
      'sandbox/traffic/main.ts',
      'sandbox/grpc/main.ts',
    ];
    expect(
      found.filter((f) => f !== 'cli/main.ts' && !processesOfTheirOwn.includes(f) && !f.startsWith('bench/')),
    ).toEqual([]);
  });
});
