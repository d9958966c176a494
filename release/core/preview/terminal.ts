import { capped, fieldText, lossText, PROTECTED } from './sentences.ts';
import type { Outlook, PreviewPage, ServiceChange } from './types.ts';

/** A line and how it is meant; colours are the printer's. */
export interface Line {
  readonly text: string;
  readonly tone: 'plain' | 'head' | 'bad' | 'warn' | 'good' | 'dim';
}

const line = (text: string, tone: Line['tone'] = 'plain'): Line => ({ text, tone });

/** Escape sequences from outside must not reach a terminal. */
// oxlint-disable-next-line no-control-regex
const clean = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');

const lossLines = (o: Outlook): Line[] =>
  o.losses.length === 0
    ? [line('  nothing that users or data depend on is replaced or deleted', 'good')]
    : [
        line(`  replaced or deleted: ${o.losses.length}`, 'bad'),
        ...capped(o.losses.map((l) => `    ${lossText(l)}${l.protect ? ` (${PROTECTED})` : ''}`)).map((t) =>
          line(t, 'bad'),
        ),
      ];

const serviceLines = (c: ServiceChange): Line[] => [
  line(`    ${c.service}${c.kind === 'added' ? ' (new)' : c.kind === 'removed' ? ' (gone)' : ''}`),
  ...c.fields.map((f) => line(`      ${f.what.padEnd(9)} ${fieldText(f)}`, 'dim')),
];

const titled = (title: string, lines: readonly string[]): Line[] =>
  lines.length === 0 ? [] : [line(`  ${title}`), ...capped(lines).map((l) => line(`    ${l}`))];

const outlookLines = (o: Outlook): Line[] => [
  line(''),
  line(o.title, 'head'),
  ...(o.command === '' ? [] : [line(`  $ ${o.command}`, 'dim')]),
  ...(o.refused !== undefined
    ? [
        line(`  it would be refused: ${o.refused.message}`, 'bad'),
        ...(o.refused.hint === undefined ? [] : [line(`  next: ${o.refused.hint}`, 'warn')]),
      ]
    : [
        ...lossLines(o),
        ...o.notes.map((n) => line(`  ${n}`, 'warn')),
        ...titled('traffic', o.traffic),
        ...(o.services.length === 0
          ? [line('  services: none changes')]
          : [line(`  services: ${o.services.length} change`), ...o.services.flatMap(serviceLines)]),
        ...titled('runs once', o.runs),
        ...titled('also', o.others),
      ]),
];

/** The same for a terminal. */
export const previewLines = (page: PreviewPage): Line[] =>
  [
    line(`${page.stack}: ${page.now}`, 'head'),
    ...page.notes.map((n) => line(`  ${n}`, 'warn')),
    ...page.outlooks.flatMap(outlookLines),
  ].map((l) => ({ ...l, text: clean(l.text) }));
