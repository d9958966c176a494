import { describe, expect, it } from 'vitest';
import { parseProjectFile, readStackFile, secretEntries } from '../../config/stack-file.ts';

const problemsOf = (run: () => unknown): string[] => {
  try {
    run();
  } catch (error) {
    if (error instanceof Error) return error.message.split('\n');
  }
  throw new Error('nothing was thrown');
};

describe('a stack file', () => {
  it('becomes configuration as Pulumi hands it to a program', () => {
    const text = `
encryptionsalt: v1:abc
config:
  aws:region: eu-west-1
  version: v1.2.3
  sluice:count: 5
  sluice:on: true
  sluice:app:
    stages:
      - { name: canary, traffic: 5 % }
`;
    expect(readStackFile(text, 'sluice')).toEqual({
      'aws:region': 'eu-west-1',
      'sluice:version': 'v1.2.3',
      'sluice:count': '5',
      'sluice:on': 'true',
      'sluice:app': '{"stages":[{"name":"canary","traffic":"5 %"}]}',
    });
    expect(secretEntries(text, 'sluice')).toEqual([]);
  });

  it('names encrypted entries and leaves their ciphertext out', () => {
    const text = `
config:
  aws:region: eu-west-1
  sluice:token:
    secure: v1:ciphertext
  sluice:deep:
    list:
      - value:
          secure: v1:ciphertext
`;
    expect(readStackFile(text, 'sluice')).toEqual({ 'aws:region': 'eu-west-1' });
    expect(secretEntries(text, 'sluice')).toEqual(['sluice:token', 'sluice:deep']);
  });

  it('may have no configuration yet', () => {
    expect(readStackFile('encryptionsalt: v1:abc\n', 'sluice')).toEqual({});
  });

  it.each([
    ['config:\n  a: [1, 2\n  b: 3\n', /^ {2}Pulumi\.x\.yaml:3:3: /],
    ['config:\n  sluice:a: 1\n  sluice:a: 2\n', /^ {2}Pulumi\.x\.yaml:3:3: .*unique/],
    ['\tconfig: 1\n', /^ {2}Pulumi\.x\.yaml:1:\d+: /],
    ['', /Pulumi\.x\.yaml: is empty/],
    ['- a\n- b\n', /Pulumi\.x\.yaml:1: is not a map of settings/],
    ['just text\n', /Pulumi\.x\.yaml:1: is not a map of settings/],
    ['# c\nname: sluice\nruntime: nodejs\n', /Pulumi\.x\.yaml:2: is a project file, not a stack file/],
    ['cofnig:\n  sluice:a: 1\n', /Pulumi\.x\.yaml:1: unknown key `cofnig`; did you mean `config`\?/],
    ['sluice:app:\n  url: x\n', /unknown key `sluice:app`; settings stand below `config:`/],
    ['config: 5\n', /Pulumi\.x\.yaml:1: `config` is not a map of settings/],
    ['config:\n  sluice:a: 1\n  sluice:b:\n', /Pulumi\.x\.yaml:3: `sluice:b` is empty/],
    ['config:\n  sluice:a: 1\n  a: 2\n', /Pulumi\.x\.yaml:3: `sluice:a` stands there twice/],
    ['config:\n  a:b:c: 1\n', /Pulumi\.x\.yaml:2: `a:b:c` is not a configuration key/],
  ])('%j is refused with its line', (text, message) => {
    const lines = problemsOf(() => readStackFile(text, 'sluice', 'Pulumi.x.yaml'));
    expect(lines[1]).toMatch(message);
  });
});

describe('the project file', () => {
  it('tells name, runtime and entry', () => {
    const text = 'name: sluice\nruntime:\n  name: nodejs\nmain: infra/index.ts\n';
    expect(parseProjectFile(text)).toEqual({
      name: 'sluice',
      runtime: 'nodejs',
      main: 'infra/index.ts',
      description: undefined,
    });
  });

  it.each([
    ['config:\n  a:b: 1\n', 'Pulumi.yaml:1: is a stack file, not a project file'],
    ['runtime: nodejs\n', 'Pulumi.yaml: `name` is missing or no project name'],
    ['name: sluice\n', 'Pulumi.yaml: `runtime` is missing'],
    ['name: sluice\nruntine: nodejs\n', 'Pulumi.yaml:2: unknown key `runtine`; did you mean `runtime`?'],
  ])('%j is refused', (text, message) => {
    expect(problemsOf(() => parseProjectFile(text))[1]).toContain(message);
  });
});
