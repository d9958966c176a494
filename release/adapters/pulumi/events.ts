import type { EngineEvent, OpType } from '@pulumi/pulumi/automation/index.js';
import type { PreviewChange, UpdateEvent } from '../../ports/stack.ts';

const nameOf = (urn: string): string => urn.slice(urn.lastIndexOf('::') + 2);

/** Operations that a person wants to hear of. */
const QUIET: readonly string[] = ['same', 'read', 'refresh', 'discard'];

/**
 * One engine event as a line for people; undefined for what says nothing new. Debug diagnostics are dropped
 * unread: they show secrets in clear.
 */
export const toUpdateEvent = (event: EngineEvent): UpdateEvent | undefined => {
  const at = event.timestamp * 1000;
  const done = event.resOutputsEvent?.metadata;
  if (done !== undefined && !QUIET.includes(done.op))
    return { at, kind: 'resource', op: done.op, urn: done.urn, text: `${done.op} ${nameOf(done.urn)}` };
  const failed = event.resOpFailedEvent?.metadata;
  if (failed !== undefined)
    return {
      at,
      kind: 'failed',
      op: failed.op,
      urn: failed.urn,
      text: `${failed.op} ${nameOf(failed.urn)} failed`,
    };
  const said = event.diagnosticEvent;
  if (
    said !== undefined &&
    (said.severity === 'warning' || said.severity === 'error' || said.severity === 'info')
  )
    return {
      at,
      kind: 'message',
      text: said.message.replaceAll(/<\{%[^%]*%\}>/g, '').trim(),
      ...(said.urn === undefined || said.urn === '' ? {} : { urn: said.urn }),
    };
  const summary = event.summaryEvent;
  if (summary !== undefined)
    return {
      at,
      kind: 'summary',
      text: Object.entries(summary.resourceChanges)
        .map(([op, n]) => `${n} ${op}`)
        .join(', '),
    };
  return undefined;
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
  if (step === undefined || op === undefined) return undefined;
  const state = step.new ?? step.old;
  return {
    op,
    urn: step.urn,
    type: step.type,
    protect: state?.protect === true,
    diff: Object.keys(step.detailedDiff ?? {}),
  };
};

/** What an update did and where it broke, from its events. */
export interface Tally {
  readonly changed: readonly string[];
  readonly failed: readonly { readonly urn: string; readonly reason: string }[];
}

export const tally = (events: readonly EngineEvent[]): Tally => {
  const reasons = new Map<string, string>();
  const errors = events.flatMap((e) =>
    e.diagnosticEvent?.severity === 'error'
      ? [
          {
            urn: e.diagnosticEvent.urn ?? '',
            text: e.diagnosticEvent.message.replaceAll(/<\{%[^%]*%\}>/g, '').trim(),
          },
        ]
      : [],
  );
  for (const { urn, text } of errors) if (!reasons.has(urn)) reasons.set(urn, text);
  return {
    changed: events.flatMap((e) => {
      const step = e.resOutputsEvent?.metadata;
      return step === undefined || QUIET.includes(step.op) ? [] : [`${step.op} ${nameOf(step.urn)}`];
    }),
    failed: events.flatMap((e) => {
      const step = e.resOpFailedEvent?.metadata;
      return step === undefined ? [] : [{ urn: step.urn, reason: reasons.get(step.urn) ?? 'failed' }];
    }),
  };
};

/** Error texts that belong to no failed resource: what the program itself said. */
export const programErrors = (events: readonly EngineEvent[]): string[] =>
  events.flatMap((e) =>
    e.diagnosticEvent?.severity === 'error'
      ? [e.diagnosticEvent.message.replaceAll(/<\{%[^%]*%\}>/g, '').trim()]
      : [],
  );
