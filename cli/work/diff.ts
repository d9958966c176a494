import pc from 'picocolors';
import { EXIT, badInput, type ExitCode } from '../../lib/errors.ts';
import { nearest } from '../../lib/nearest.ts';
import { recordStore, type Records } from '../../release/adapters/records.ts';
import { compareDeployments, type Difference, type Side } from '../../release/core/records/compare.ts';
import type { DeploymentRecord } from '../../release/core/records/schema.ts';
import type { Values } from '../command.ts';
import type { Printer } from '../print.ts';
import { withStack } from '../session/find.ts';

const newestOf = (all: readonly DeploymentRecord[], name: string): DeploymentRecord => {
  const found =
    all.find((r) => r.deployment_id === name) ??
    all.find((r) => r.kind === 'release' && (r.version === name || `v${r.version}` === name));
  if (found !== undefined) return found;
  const known = [...new Set(all.flatMap((r) => [r.deployment_id, r.version]))];
  const near = nearest(name, known);
  throw badInput('there is no such deployment', [
    {
      path: 'deployment',
      reason: near === undefined ? 'no record of that id or version' : `unknown; did you mean ${near}?`,
      got: name,
      allowed: known.slice(0, 8).join(', ') || 'none: nothing was deployed here yet',
    },
  ]);
};

const sideOf = async (records: Records, record: DeploymentRecord): Promise<Side> => ({
  record,
  release: record.serial === undefined ? undefined : await records.release(record.serial),
});

const linesOf = (differences: readonly Difference[]): string[] => {
  let part: string | undefined;
  return differences.flatMap((d) => {
    const head = d.part === part ? [] : [pc.bold(d.part)];
    part = d.part;
    return [
      ...head,
      `  ${d.name}`,
      ...(d.a === undefined ? [] : [pc.red(`    - ${d.a}`)]),
      ...(d.b === undefined ? [] : [pc.green(`    + ${d.b}`)]),
    ];
  });
};

/** What differs between two deployments of an environment. */
export const showDiff = (a: string, b: string, options: Values, print: Printer): Promise<ExitCode> =>
  withStack(options, async ({ session }) => {
    const objects = session.objects(await session.outputs());
    const records = recordStore(objects.record, session.config.app.environment);
    const all = await records.all();
    const [left, right] = [newestOf(all, a), newestOf(all, b)];
    const differences = compareDeployments(await sideOf(records, left), await sideOf(records, right));
    print.result(
      'diff',
      { a: left.deployment_id, b: right.deployment_id, differences },
      [
        `- ${left.deployment_id} ${left.version}`,
        `+ ${right.deployment_id} ${right.version}`,
        ...linesOf(differences),
      ].join('\n'),
    );
    return EXIT.done;
  });
