import type { EngineEvent, OpType } from '@pulumi/pulumi/automation/index.js';
import { redactText } from '../../../lib/redact.ts';
import type { PreviewChange, UpdateEvent } from '../../ports/stack.ts';

/** Last part of a URN: the resource's name in the program. */
export const nameOf = (urn: string): string => urn.slice(urn.lastIndexOf('::') + 2);

/** Operations that change nothing. */
const QUIET: readonly string[] = ['same', 'read', 'read-replacement', 'refresh', 'discard'];

/** Providers that the engine makes by itself; they stand for nothing in the cloud. */
const isDefaultProvider = (urn: string): boolean => /::pulumi:providers:[^:]+::default/.test(urn);

const plain = (text: string): string => text.replaceAll(/<\{%[^%]*%\}>/g, '').trim();

/**
 * Diagnostics that people read. Debug ones are dropped unread: they show secrets in clear. In the others the engine hides the
 * secrets that it knows; a provider may tell others in its error.
 */
const said = ({ diagnosticEvent: d }: EngineEvent) =>
  d === undefined || !['warning', 'error', 'info', 'info#err'].includes(d.severity)
    ? undefined
    : { urn: d.urn ?? '', severity: d.severity, text: redactText(plain(d.message)) };

/** One engine event as a line for people; undefined for what says nothing new. */
export const toUpdateEvent = (event: EngineEvent): UpdateEvent | undefined => {
  const at = event.timestamp * 1000;
  const done = event.resOutputsEvent?.metadata;
  if (done !== undefined && !QUIET.includes(done.op) && !isDefaultProvider(done.urn))
    return { at, kind: 'resource', op: done.op, urn: done.urn, text: `${done.op} ${nameOf(done.urn)}` };
  const failed = event.resOpFailedEvent?.metadata;
  if (failed !== undefined) {
    const text = `${failed.op} ${nameOf(failed.urn)} failed`;
    return { at, kind: 'failed', op: failed.op, urn: failed.urn, text };
  }
  const message = said(event);
  if (message !== undefined && message.text !== '') {
    const { urn, text } = message;
    return { at, kind: 'message', text, ...(urn === '' ? {} : { urn }) };
  }
  const summary = event.summaryEvent;
  if (summary === undefined) return undefined;
  const text = Object.entries(summary.resourceChanges).map(([op, n]) => `${n} ${op}`);
  return { at, kind: 'summary', text: text.join(', ') };
};

const PREVIEWED: Partial<Record<OpType, PreviewChange['op']>> = {
  create: 'create',
  update: 'update',
  replace: 'replace',
  delete: 'delete',
  same: 'same',
  read: 'read',
};

/** One planned change, from the event before the step. A replacement is reported once, by its `replace` step. */
export const toPreviewChange = (event: EngineEvent): PreviewChange | undefined => {
  const step = event.resourcePreEvent?.metadata;
  const op = step === undefined ? undefined : PREVIEWED[step.op];
  if (step === undefined || op === undefined || isDefaultProvider(step.urn)) return undefined;
  const state = step.new ?? step.old;
  return {
    op,
    urn: step.urn,
    type: step.type,
    protect: state?.protect === true || step.old?.protect === true,
    diff: Object.keys(step.detailedDiff ?? {}),
  };
};

/** What an update did and where it broke. URNs. */
export interface Tally {
  readonly changed: readonly string[];
  readonly failed: readonly { readonly urn: string; readonly reason: string }[];
  /** Begun, and their end was not seen: `pulumi` itself was killed. */
  readonly unfinished: readonly string[];
  /** Errors that belong to no resource: what the program or the engine itself said. */
  readonly errors: readonly string[];
}

/** Steps with an end of their own; `replace` stands for two of them. */
const ACTS: readonly string[] = ['create', 'update', 'delete', 'create-replacement', 'delete-replaced'];

const ENGINE_SAYS = /^(update|preview|update canceled|resource update) failed$|^update canceled$/;

/** Reads the tally off the events of one run. */
export const tally = (events: readonly EngineEvent[]): Tally => {
  const errors = events.map(said).filter((d) => d?.severity === 'error' && !ENGINE_SAYS.test(d.text));
  const ofResource = (urn: string): boolean => urn !== '' && !urn.includes('::pulumi:pulumi:Stack::');
  const reasons = new Map<string, string>();
  for (const d of errors) if (d !== undefined && !reasons.has(d.urn)) reasons.set(d.urn, d.text);
  const failed = new Map<string, string>();
  const open = new Set<string>();
  for (const event of events) {
    const before = event.resourcePreEvent?.metadata;
    const after = event.resOutputsEvent?.metadata ?? event.resOpFailedEvent?.metadata;
    const custom = (before?.new ?? before?.old)?.custom === true;
    if (before !== undefined && custom && ACTS.includes(before.op)) open.add(`${before.op} ${before.urn}`);
    if (after !== undefined) open.delete(`${after.op} ${after.urn}`);
    const urn = event.resOpFailedEvent?.metadata.urn;
    if (urn !== undefined) failed.set(urn, reasons.get(urn) ?? 'failed');
  }
  // What a provider refuses before anything is done has no operation of its own.
  for (const [urn, text] of reasons) if (ofResource(urn) && !failed.has(urn)) failed.set(urn, text);
  return {
    changed: events.flatMap((e) => {
      const step = e.resOutputsEvent?.metadata;
      const quiet = step === undefined || QUIET.includes(step.op) || isDefaultProvider(step.urn);
      return quiet || !ofResource(step.urn) ? [] : [step.urn];
    }),
    failed: [...failed].map(([urn, reason]) => ({ urn, reason })),
    unfinished: [...open].map((step) => step.slice(step.indexOf(' ') + 1)).filter((urn) => !failed.has(urn)),
    errors: [...new Set(errors.flatMap((d) => (d === undefined || ofResource(d.urn) ? [] : [d.text])))],
  };
};
