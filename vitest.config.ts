import { execFileSync } from 'node:child_process';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { SCRATCH } from './test/support/scratch.ts';
import { findCompose, findMoto, findPrometheus } from './test/support/tools.ts';

const onPath = (command: string, argument = 'version'): boolean => {
  try {
    execFileSync(command, [argument], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** A lane whose tool is missing says so in one line. */
const engine = onPath('pulumi');
if (!engine) console.log('lane "real engine" left out: no pulumi on the PATH');
const act = engine && onPath('act', '--version');
if (!act) console.log('lane "workflows executed" left out: no act, or no pulumi, on the PATH');
const checkers = onPath('actionlint', '--version') && onPath('zizmor', '--version');
if (!checkers) console.log('lane "workflow checkers" left out: no actionlint or no zizmor on the PATH');
const moto = findMoto() !== undefined;
if (!moto) console.log('lane "AWS by moto" left out: no moto_server on the PATH; .ci/moto installs it');
const prometheus = findPrometheus() !== undefined;
if (!prometheus)
  console.log('lane "prometheus" left out: no prometheus on the PATH; .ci/prometheus unpacks it');
const compose = findCompose() !== undefined;
if (!compose)
  console.log(
    'lane "compose" left out: no docker with its compose plugin and no compose-config; .ci/compose makes it',
  );

const results = process.env['SLUICE_TEST_RESULTS'];

const project = (name: string, include: string, options: object) => ({
  extends: true as const,
  test: { name, include: [include], ...options },
});

// Unit tests first, then everything that starts real processes, two files at a time: in one group, so that no lane's
// last file keeps the other core waiting.
const together = { maxWorkers: 2, sequence: { groupOrder: 1 } };
const processes = { testTimeout: 120_000, hookTimeout: 60_000, ...together };

/** The longest lanes first, so that none of their files runs alone at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const lanes = ['act', 'engine', 'sandbox'];
    const rank = ({ project }: TestSpecification): number => {
      const at = lanes.indexOf(project.name);
      return at === -1 ? lanes.length : at;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    env: { PULUMI_ERROR_OUTPUT_STRING: '1', NO_COLOR: '1' },
    reporters: results === undefined ? ['default'] : ['default', 'json'],
    ...(results === undefined ? {} : { outputFile: { json: results } }),
    projects: [
      project('unit', 'test/**/*.test.ts', {
        exclude: [
          'test/**/*.{sandbox,engine,moto,prometheus,act,workflows,compose}.test.ts',
          'node_modules/**',
        ],
        testTimeout: 20_000,
        env: { TMPDIR: SCRATCH },
        globalSetup: 'test/support/scratch.ts',
        // One module graph per worker: loading the SDK and the schemas anew for each file took a third of the time.
        isolate: false,
        maxWorkers: 2,
        sequence: { groupOrder: 0 },
      }),
      project('sandbox', 'test/**/*.sandbox.test.ts', processes),
      ...(engine ? [project('engine', 'test/**/*.engine.test.ts', processes)] : []),
      ...(checkers
        ? [
            {
              ...project('workflows', 'test/**/*.workflows.test.ts', {
                // GitHub's packages import JSON without saying so, which Node refuses.
                server: { deps: { inline: [/@actions\//] } },
                testTimeout: 120_000,
                ...together,
              }),
              // Their source maps name sources that they do not bring: a line for each of them.
              logLevel: 'error' as const,
            },
          ]
        : []),
      ...(act
        ? [
            project('act', 'test/**/*.act.test.ts', {
              ...processes,
              testTimeout: 600_000,
            }),
          ]
        : []),
      ...(moto ? [project('moto', 'test/**/*.moto.test.ts', processes)] : []),
      ...(compose
        ? [project('compose', 'test/**/*.compose.test.ts', { maxWorkers: 2, sequence: { groupOrder: 0 } })]
        : []),
      ...(prometheus ? [project('prometheus', 'test/**/*.prometheus.test.ts', processes)] : []),
    ],
  },
});
