/** What every bench of this folder gives back, and how it is shown. */

/** One promise of the project and what was measured. */
export interface Row {
  readonly claim: string;
  readonly goal: string;
  readonly measured: string;
  /** Undefined: no promise, only told beside one. */
  readonly met: boolean | undefined;
}

/** Rows, and the numbers behind them. */
export interface Findings {
  readonly rows: readonly Row[];
  /** Every single measurement, for whoever wants to look closer. Plain JSON. */
  readonly numbers: Readonly<Record<string, unknown>>;
}

export interface Bench {
  readonly name: string;
  readonly title: string;
  /** `say` gets one line at a time of what is going on. */
  run(say: (line: string) => void): Promise<Findings>;
}

const state = (met: boolean | undefined): string => (met === undefined ? '–' : met ? 'yes' : '**no**');

/** A pipe or a line break would begin another cell or row. */
const cellOf = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, '; ');

/** A Markdown table, aligned for a terminal too. */
export const table = (header: readonly string[], body: readonly (readonly string[])[]): string => {
  const rows = body.map((row) => row.map(cellOf));
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
};

export const rowsTable = (rows: readonly Row[]): string =>
  table(
    ['claim', 'goal', 'measured', 'met'],
    rows.map(({ claim, goal, measured, met }) => [claim, goal, measured, state(met)]),
  );
