import { code, safe } from '../markdown.ts';
import { capped, fieldsText, lossText, PROTECTED } from './sentences.ts';
import type { Outlook, PreviewPage, ServiceChange } from './types.ts';

/** GitHub cuts comments at 65,536 characters. */
const LIMIT = 60_000;

const list = (lines: readonly string[]): string[] => capped(lines).map((l) => `- ${l}`);

const lossLines = (o: Outlook): string[] => {
  if (o.losses.length === 0) return ['Nothing that users or data depend on is replaced or deleted.', ''];
  return [
    `**Replaced or deleted: ${o.losses.length}**`,
    '',
    ...list(o.losses.map((l) => `${l.protect ? `🔒 **${PROTECTED}**: ` : '⚠️ '}${safe(lossText(l))}`)),
    '',
  ];
};

const row = (c: ServiceChange): string => {
  const cells =
    c.kind === 'removed'
      ? ['gone', '', '']
      : (['image', 'settings', 'size'] as const).map((what) => safe(fieldsText(c, what)));
  const name = c.kind === 'added' ? `${safe(c.service)} (new)` : safe(c.service);
  return `| ${[name, ...cells].join(' | ')} |`;
};

const serviceLines = (o: Outlook): string[] => {
  if (o.services.length === 0) return ['**Services:** none changes.', ''];
  const rows = o.services.map(row);
  return [
    `**Services: ${o.services.length} change${o.services.length === 1 ? 's' : ''}**`,
    '',
    '| service | image | settings | size |',
    '| --- | --- | --- | --- |',
    ...rows.slice(0, 60),
    ...(rows.length > 60 ? [`| and ${rows.length - 60} more | | | |`] : []),
    '',
  ];
};

const outlookLines = (o: Outlook): string[] => {
  const head = [`#### ${safe(o.title)}`, '', ...(o.command === '' ? [] : [code(o.command), ''])];
  if (o.refused !== undefined)
    return [
      ...head,
      `**It would be refused:** ${safe(o.refused.message)}`,
      ...(o.refused.hint === undefined ? [] : ['', `Next: ${code(o.refused.hint)}`]),
      '',
    ];
  return [
    ...head,
    ...lossLines(o),
    ...o.notes.flatMap((n) => [safe(n), '']),
    '**Traffic**',
    '',
    ...list(o.traffic.map(safe)),
    '',
    ...serviceLines(o),
    ...(o.runs.length === 0 ? [] : ['**Runs once**', '', ...list(o.runs.map(safe)), '']),
    ...(o.others.length === 0 ? [] : ['**Also**', '', ...list(o.others.map(safe)), '']),
  ];
};

/** A comment for a pull request: what is lost stands first; free of secrets; short enough for GitHub. */
export const previewMarkdown = (page: PreviewPage): string => {
  const lines = [
    `### What would happen in ${safe(page.stack)}`,
    '',
    `Now: ${safe(page.now)}`,
    '',
    ...(page.notes.length === 0 ? [] : [...list(page.notes.map(safe)), '']),
    ...page.outlooks.flatMap(outlookLines),
  ];
  const text = lines.join('\n').trimEnd();
  return text.length <= LIMIT
    ? text
    : `${text.slice(0, LIMIT)}\n\n… cut: \`sluice preview\` shows all of it.`;
};
