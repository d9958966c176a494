import pc from 'picocolors';
import type { Release } from '../../config/release.types.ts';
import { parseVersion } from '../../config/version.ts';
import { ExpectedError, EXIT, messageOf, type ExitCode } from '../../lib/errors.ts';
import { journalStore } from '../../release/adapters/journal.ts';
import type { State } from '../../release/core/engine/types.ts';
import { previewMarkdown } from '../../release/core/preview/markdown.ts';
import { outlookOf } from '../../release/core/preview/outlook.ts';
import { previewLines, type Line } from '../../release/core/preview/terminal.ts';
import { liveText } from '../../release/core/preview/traffic.ts';
import type { Outlook, OutlookInput, PreviewPage } from '../../release/core/preview/types.ts';
import { UpdateFailed, type StackOutputs } from '../../release/ports/stack.ts';
import type { Values } from '../command.ts';
import type { Printer } from '../print.ts';
import { withStack } from '../session/find.ts';
import type { Session } from '../session/open.ts';
import { duringRelease, nextUpdates, type Wanted } from './preview-wanted.ts';

/** What the engine says; a refusal is something to show, not the end of the preview. */
const changesOf = async (session: Session, to: Release | undefined): Promise<OutlookInput['changes']> => {
  try {
    return await session.stack.preview(to);
  } catch (error) {
    if (error instanceof ExpectedError)
      return { refused: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
    if (error instanceof UpdateFailed) return { refused: error.message };
    throw error;
  }
};

/** The deployment that holds the environment, where it can be read; a note where it cannot. */
const openDeployment = async (
  session: Session,
  outputs: StackOutputs | undefined,
): Promise<{ open?: State; notes: string[] }> => {
  if (outputs === undefined) return { notes: [] };
  const { environment } = session.config.app;
  try {
    const all = await journalStore(session.objects(outputs).lease, environment).listOpen();
    const open = all.find((s) => s.lease !== undefined);
    return open === undefined ? { notes: [] } : { open, notes: [] };
  } catch (error) {
    // A role that only previews may not be allowed to read it.
    return { notes: [`whether a release is under way cannot be read: ${messageOf(error)}`] };
  }
};

const gather = async (session: Session, version: string | undefined): Promise<PreviewPage> => {
  const outputs = await session.stack.outputs();
  const current = outputs?.release;
  const { open, notes } = await openDeployment(session, outputs);
  const wanted: Wanted =
    open !== undefined && current !== undefined
      ? await duringRelease(session, open, current, version)
      : await nextUpdates(session, current, version);
  const outlooks: Outlook[] = [];
  // One after the other: an engine works on one preview at a time.
  for (const input of wanted.inputs)
    outlooks.push(outlookOf({ ...input, from: current, changes: await changesOf(session, input.to) }));
  return {
    stack: session.config.stack,
    now: liveText(current),
    notes: [...notes, ...wanted.notes],
    outlooks,
  };
};

const TONE: Readonly<Record<Line['tone'], (text: string) => string>> = {
  plain: (t) => t,
  head: pc.bold,
  bad: pc.red,
  warn: pc.yellow,
  good: pc.green,
  dim: pc.dim,
};

/** Shows what would happen. Exit 3 when the engine or the program would refuse any of it; nothing is ever changed. */
export const showPreview = (
  given: string | undefined,
  markdown: boolean,
  options: Values,
  print: Printer,
): Promise<ExitCode> => {
  const version = given === undefined ? undefined : parseVersion(given, '--version').tag;
  return withStack(options, async ({ session }) => {
    const page = await gather(session, version);
    const hide = session.redactor;
    const text = markdown
      ? previewMarkdown(page)
      : previewLines(page)
          .map((l) => TONE[l.tone](l.text))
          .join('\n');
    print.result('preview', hide.value(page) as Readonly<Record<string, unknown>>, hide.text(text));
    return page.outlooks.some((o) => o.refused !== undefined) ? EXIT.refused : EXIT.done;
  });
};
