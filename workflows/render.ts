import { Document, type Node, Pair, Scalar as YamlScalar, YAMLMap, YAMLSeq } from 'yaml';
import type { Job, Permissions, RenderedFile, Step, Workflow } from './model.ts';
import { RUNNER } from './model.ts';
import { PINS, pinned } from './pins.ts';

/** Where GitHub looks for them. */
export const FOLDER = '.github/workflows';

/** What a file starts with, so that nobody edits it by hand unwarned. */
export const HEADER =
  'Rendered by `npx sluice workflows render` from Pulumi.*.yaml. Do not edit: a test compares.';

const remarked = (value: unknown, remark: string): YamlScalar => {
  const scalar = new YamlScalar(value);
  scalar.comment = ` ${remark}`;
  return scalar;
};

const map = (entries: readonly (readonly [string, unknown])[], document: Document): YAMLMap => {
  const made = new YAMLMap();
  for (const [key, value] of entries) {
    if (value === undefined) continue;
    const node = value instanceof YamlScalar || value instanceof YAMLMap || value instanceof YAMLSeq;
    made.add(new Pair(new YamlScalar(key), node ? (value as Node) : document.createNode(value)));
  }
  return made;
};

const permissionsNode = (permissions: Permissions, document: Document): YAMLMap => {
  const made = map(
    Object.entries(permissions).map(([scope, p]) => [scope, remarked(p.access, p.why)]),
    document,
  );
  made.flow = made.items.length === 0;
  return made;
};

/** Throws for what must never be rendered: it would let a value of an event become code. */
const checkedScript = (script: string, step: string): string => {
  if (script.includes('${{'))
    throw new Error(`step "${step}": an expression stands inside a script; pass it by env`);
  return script;
};

const stepNode = (step: Step, document: Document): YAMLMap => {
  const { name, id, if: condition, env } = step;
  const head = [
    ['name', name],
    ['id', id],
    ['if', condition],
  ] as const;
  if ('uses' in step) {
    const uses = remarked(pinned(step.uses), PINS[step.uses].version);
    return map([...head, ['uses', uses], ['with', step.with], ['env', env]], document);
  }
  const script = new YamlScalar(checkedScript(step.run, name));
  if (step.run.includes('\n')) script.type = YamlScalar.BLOCK_LITERAL;
  return map([...head, ['env', env], ['run', script]], document);
};

const jobNode = (job: Job, document: Document): YAMLMap => {
  const steps = new YAMLSeq();
  for (const step of job.steps) steps.add(stepNode(step, document));
  return map(
    [
      ['name', job.name],
      ['needs', job.needs],
      ['if', job.if],
      ['runs-on', RUNNER],
      ['timeout-minutes', job['timeout-minutes']],
      ['permissions', permissionsNode(job.permissions, document)],
      ['environment', job.environment],
      ['concurrency', job.concurrency],
      ['strategy', job.strategy],
      ['outputs', job.outputs],
      ['env', job.env],
      ['steps', steps],
    ],
    document,
  );
};

const triggersNode = ({ on, remarks = {} }: Workflow, document: Document): YAMLMap => {
  const made = map(Object.entries(on), document);
  for (const pair of made.items) {
    const key = pair.key as YamlScalar;
    const remark = remarks[String(key.value)];
    if (remark !== undefined) key.comment = ` ${remark}`;
  }
  return made;
};

/** The file's text. Pure: the same workflow gives the same bytes. */
export const renderWorkflow = (workflow: Workflow): RenderedFile => {
  const document = new Document();
  document.contents = map(
    [
      ['name', workflow.name],
      ['run-name', workflow.runName],
      ['on', triggersNode(workflow, document)],
      // Nothing unless a job says so.
      ['permissions', permissionsNode({}, document)],
      ['concurrency', workflow.concurrency],
      ['defaults', { run: { shell: 'bash' } }],
      [
        'jobs',
        map(
          Object.entries(workflow.jobs).map(([id, job]) => [id, jobNode(job, document)]),
          document,
        ),
      ],
    ],
    document,
  ) as typeof document.contents;
  document.commentBefore = [HEADER, ...workflow.about].map((line) => ` ${line}`).join('\n');
  return {
    path: `${FOLDER}/${workflow.file}`,
    text: document.toString({
      lineWidth: 0,
      blockQuote: 'literal',
      singleQuote: true,
      flowCollectionPadding: true,
    }),
  };
};
