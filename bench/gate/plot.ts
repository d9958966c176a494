/** Two small kinds of plot, written by hand as SVG that reads well on its own: dots on a log scale, and a heat map. */

const FONT = 'font-family="Helvetica, Arial, DejaVu Sans, sans-serif"';
const INK = '#1f2933';
const FAINT = '#d5dbe1';
const MUTED = '#5f6b7a';

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const text = (x: number, y: number, words: string, rest = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${rest}>${escape(words)}</text>`;

const svg = (width: number, height: number, title: string, parts: readonly string[]): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ${FONT} font-size="13" fill="${INK}" role="img" aria-label="${escape(title)}">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');

export interface Dot {
  readonly value: number;
  /** Index into the plot's series. */
  readonly series: number;
  /** End of a whisker to the right of the dot. */
  readonly to?: number;
}

export interface DotPlot {
  readonly title: string;
  readonly subtitle: string;
  readonly axis: string;
  readonly series: readonly { readonly name: string; readonly colour: string }[];
  readonly rows: readonly {
    readonly name: string;
    readonly strong: boolean;
    readonly dots: readonly Dot[];
  }[];
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
  /** A vertical line with words, such as a promise. */
  readonly line?: { readonly at: number; readonly label: string };
}

const LEFT = 235;
const WIDTH = 820;
const RIGHT = 40;
const TOP = 104;
const ROW = 26;

/** Values on a log scale from the first tick to the last; what lies outside is drawn at the edge. */
export const dotPlot = (plot: DotPlot): string => {
  const first = plot.ticks[0]?.at ?? 1;
  const last = plot.ticks.at(-1)?.at ?? 10;
  const x = (value: number): number => {
    const part = Math.log(Math.min(last, Math.max(first, value)) / first) / Math.log(last / first);
    return LEFT + part * (WIDTH - LEFT - RIGHT);
  };
  const bottom = TOP + plot.rows.length * ROW;
  const parts = [
    text(16, 28, plot.title, 'font-size="18" font-weight="bold"'),
    text(16, 48, plot.subtitle, `fill="${MUTED}"`),
    ...legend(plot.series),
  ];
  for (const { at, label } of plot.ticks) {
    parts.push(`<line x1="${x(at)}" x2="${x(at)}" y1="${TOP - 8}" y2="${bottom}" stroke="${FAINT}"/>`);
    parts.push(text(x(at), bottom + 18, label, `text-anchor="middle" fill="${MUTED}"`));
  }
  parts.push(text((LEFT + WIDTH - RIGHT) / 2, bottom + 40, plot.axis, 'text-anchor="middle"'));
  if (plot.line !== undefined) {
    const at = x(plot.line.at);
    parts.push(
      `<line x1="${at}" x2="${at}" y1="${TOP - 8}" y2="${bottom}" stroke="#b42318" stroke-dasharray="5 4"/>`,
      text(at, TOP - 13, plot.line.label, 'text-anchor="middle" fill="#b42318" font-size="12"'),
    );
  }
  for (const [index, row] of plot.rows.entries()) {
    const y = TOP + (index + 0.5) * ROW;
    parts.push(
      text(LEFT - 14, y + 4, row.name, `text-anchor="end"${row.strong ? ' font-weight="bold"' : ''}`),
    );
    // Dots of one row stand a little apart, so that equal values are all seen.
    for (const dot of row.dots) {
      const shift = (dot.series - (plot.series.length - 1) / 2) * 6;
      const colour = plot.series[dot.series]?.colour ?? INK;
      if (dot.to !== undefined) {
        parts.push(
          `<line x1="${x(dot.value).toFixed(1)}" x2="${x(dot.to).toFixed(1)}" y1="${y + shift}" y2="${y + shift}" stroke="${colour}" stroke-width="2"/>`,
        );
      }
      parts.push(`<circle cx="${x(dot.value).toFixed(1)}" cy="${y + shift}" r="5" fill="${colour}"/>`);
    }
  }
  return svg(WIDTH, bottom + 56, plot.title, parts);
};

const legend = (series: DotPlot['series']): readonly string[] => {
  let x = 16;
  return series.flatMap(({ name, colour }) => {
    const at = x;
    x += 34 + name.length * 7;
    return [
      `<circle cx="${at + 5}" cy="66" r="5" fill="${colour}"/>`,
      text(at + 16, 70, name, `fill="${MUTED}"`),
    ];
  });
};

export interface HeatMap {
  readonly title: string;
  readonly subtitle: string;
  readonly across: { readonly name: string; readonly labels: readonly string[] };
  readonly down: { readonly name: string; readonly labels: readonly string[] };
  /** Words and a strength from 0 (pale) to 1 per field; undefined: nothing there. */
  readonly fields: readonly (readonly (
    { readonly words: string; readonly strength: number } | undefined
  )[])[];
}

const FIELD_WIDTH = 92;
const FIELD_HEIGHT = 34;

export const heatMap = (map: HeatMap): string => {
  const left = 250;
  const top = 118;
  const width = Math.max(760, left + map.across.labels.length * FIELD_WIDTH + 30);
  const parts = [
    text(16, 28, map.title, 'font-size="18" font-weight="bold"'),
    text(16, 48, map.subtitle, `fill="${MUTED}"`),
    text(left + (map.across.labels.length * FIELD_WIDTH) / 2, 82, map.across.name, 'text-anchor="middle"'),
    text(left - 14, 106, map.down.name, 'text-anchor="end"'),
    ...map.across.labels.map((label, i) =>
      text(left + (i + 0.5) * FIELD_WIDTH, 106, label, `text-anchor="middle" fill="${MUTED}"`),
    ),
  ];
  for (const [row, label] of map.down.labels.entries()) {
    const y = top + row * FIELD_HEIGHT;
    parts.push(text(left - 14, y + 21, label, `text-anchor="end" fill="${MUTED}"`));
    for (const [column, field] of (map.fields[row] ?? []).entries()) {
      if (field === undefined) continue;
      const x = left + column * FIELD_WIDTH;
      parts.push(
        `<rect x="${x}" y="${y}" width="${FIELD_WIDTH - 3}" height="${FIELD_HEIGHT - 3}" fill="${shade(field.strength)}"/>`,
        text(
          x + FIELD_WIDTH / 2 - 1,
          y + 20,
          field.words,
          `text-anchor="middle" fill="${field.strength > 0.55 ? '#ffffff' : INK}"`,
        ),
      );
    }
  }
  return svg(width, top + map.down.labels.length * FIELD_HEIGHT + 16, map.title, parts);
};

/** From a pale to a deep blue. */
const shade = (strength: number): string => {
  const mix = (from: number, to: number): number =>
    Math.round(from + (to - from) * Math.min(1, Math.max(0, strength)));
  return `rgb(${mix(237, 20)},${mix(243, 66)},${mix(250, 140)})`;
};
