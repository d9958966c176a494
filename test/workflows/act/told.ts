/** What act says of a run, as JSON lines: which jobs ran, what they printed and left, how long each took. */

/** What an action was given, in the order of the runs. */
export interface Given {
  readonly action: string;
  readonly job: string;
  readonly run: string;
  readonly given: Readonly<Record<string, string>>;
}

/** One line of what act says. */
export interface Line {
  readonly jobID?: string;
  readonly step?: string;
  readonly msg?: string;
  readonly raw_output?: boolean;
  readonly jobResult?: 'success' | 'failure';
  readonly command?: string;
  readonly content?: string;
  readonly name?: string;
  readonly arg?: string;
}

export interface RunResult {
  readonly code: number | null;
  /** By id of the job; one that is not there was skipped. */
  readonly jobs: Readonly<Record<string, 'success' | 'failure'>>;
  /** What scripts printed, by job. */
  readonly printed: Readonly<Record<string, string>>;
  /** Job summaries, by job. */
  readonly summaries: Readonly<Record<string, string>>;
  /** Outputs of steps, by job. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly given: readonly Given[];
  readonly tookMs: number;
  /** Seconds of each job, in their order: `preflight 12, approval 1`. */
  readonly times: string;
  /** Everything, for messages of failing tests. */
  readonly log: string;
}

const tidyText = (text: string): string =>
  text
    // eslint-disable-next-line no-control-regex
    .replaceAll(/\u001B\[[0-9;?]*[A-Za-z]/g, '')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '' && !line.includes('Unknown user config'))
    .join('\n');

/** Seconds from the first line of each job or step to its last. */
export const timesOf = (
  seen: readonly { readonly at: number; readonly line: Line }[],
  nameOf: (line: Line) => string | undefined,
): string => {
  const spans = new Map<string, { from: number; to: number }>();
  for (const { at, line } of seen) {
    const name = nameOf(line);
    if (name !== undefined) spans.set(name, { from: spans.get(name)?.from ?? at, to: at });
  }
  return [...spans].map(([name, { from, to }]) => `${name} ${((to - from) / 1_000).toFixed(1)}`).join(', ');
};

export const understand = (
  lines: readonly Line[],
): Pick<RunResult, 'jobs' | 'printed' | 'summaries' | 'outputs' | 'log'> => {
  const jobs: Record<string, 'success' | 'failure'> = {};
  const printed: Record<string, string> = {};
  const summaries: Record<string, string> = {};
  const outputs: Record<string, Record<string, string>> = {};
  for (const line of lines) {
    const id = line.jobID ?? '';
    if (line.jobResult !== undefined) jobs[id] = line.jobResult;
    if (line.raw_output === true) printed[id] = (printed[id] ?? '') + (line.msg ?? '');
    if (line.command === 'summary') summaries[id] = (summaries[id] ?? '') + (line.content ?? '');
    if (line.command === 'set-output') (outputs[id] ??= {})[line.name ?? ''] = line.arg ?? '';
  }
  for (const [id, text] of Object.entries(printed)) printed[id] = tidyText(text);
  const log = Object.entries(printed)
    .map(([id, text]) => `== ${id}: ${jobs[id] ?? 'no end'}\n${text}`)
    .join('\n');
  return { jobs, printed, summaries, outputs, log };
};
