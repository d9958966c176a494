import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import * as pulumi from '@pulumi/pulumi';
import { describe, expect, it } from 'vitest';
import { refused } from '../../../../lib/errors.ts';
import { tally, toPreviewChange, toUpdateEvent } from '../../../../release/adapters/pulumi/events.ts';
import { translate } from '../../../../release/adapters/pulumi/failure.ts';
import { UpdateFailed } from '../../../../release/ports/stack.ts';

const URN = 'urn:pulumi:production::sluice::aws:lb/listenerRule:ListenerRule::routing-api';
const STACK = 'urn:pulumi:production::sluice::pulumi:pulumi:Stack::sluice-production';
const event = (rest: object): EngineEvent => ({
  sequence: 1,
  timestamp: 1_700_000_000,
  ...rest,
});
const step = (op: string, urn: string, more: object = {}) => ({
  metadata: { op, urn, type: urn.split('::')[2] ?? '', old: null, new: { custom: true }, ...more },
});
const said = (severity: string, message: string, urn = '') =>
  event({ diagnosticEvent: { severity, message, urn, prefix: '', color: 'never' } });

describe('events for people', () => {
  it('debug messages, which hold secrets in clear, never get through', () => {
    expect(toUpdateEvent(said('debug', 'Registering {"password":"hunter2"}', URN))).toBeUndefined();
    expect(toUpdateEvent(said('warning', '<{%fg 3%}>look<{%reset%}>\n', URN))).toEqual({
      at: 1_700_000_000_000,
      kind: 'message',
      text: 'look',
      urn: URN,
    });
    expect(toUpdateEvent(said('info', '  '))).toBeUndefined();
  });

  it('what stays as it is, and providers that the engine makes itself, are not told', () => {
    const provider = 'urn:pulumi:production::sluice::pulumi:providers:aws::default_7_48_0';
    expect(toUpdateEvent(event({ resOutputsEvent: step('same', URN) }))).toBeUndefined();
    expect(toUpdateEvent(event({ resOutputsEvent: step('create', provider) }))).toBeUndefined();
    expect(toPreviewChange(event({ resourcePreEvent: step('create', provider) }))).toBeUndefined();
    expect(toUpdateEvent(event({ resOutputsEvent: step('update', URN) }))).toMatchObject({
      kind: 'resource',
      op: 'update',
      text: 'update routing-api',
    });
  });

  it('a deletion shows the protection of what would go', () => {
    const change = toPreviewChange(
      event({ resourcePreEvent: step('delete', URN, { old: { protect: true }, new: undefined }) }),
    );
    expect(change).toEqual({
      op: 'delete',
      urn: URN,
      type: 'aws:lb/listenerRule:ListenerRule',
      protect: true,
      diff: [],
    });
    expect(toPreviewChange(event({ resourcePreEvent: step('create-replacement', URN) }))).toBeUndefined();
  });
});

describe('why a run failed', () => {
  const failed = (events: readonly EngineEvent[], more: object = {}) =>
    translate({
      stack: 'production',
      error: new Error('pulumi up ended with 1'),
      events,
      thrown: undefined,
      cancelled: false,
      ...more,
    });

  it('what was begun and not seen to end is named when pulumi itself was killed', () => {
    const events = [
      event({ resourcePreEvent: step('update', URN) }),
      event({ resOutputsEvent: step('update', URN) }),
      event({ resourcePreEvent: step('create', URN.replace('api', 'auth')) }),
    ];
    expect(tally(events)).toMatchObject({
      changed: [URN],
      unfinished: [URN.replace('api', 'auth')],
      failed: [],
    });
    const failure = failed(events);
    expect(failure).toBeInstanceOf(UpdateFailed);
    expect((failure as Error).message).toContain(
      'Begun, and not seen to end: routing-auth. Changed before: routing-api;',
    );
  });

  it('a refusal of a provider counts as a failure of its resource, once', () => {
    const reason = 'resource routing-api has a problem: weight 1000 is not allowed';
    const events = [
      said('error', reason, URN),
      said('error', 'update failed'),
      said('error', 'preview failed', STACK),
    ];
    expect(tally(events)).toEqual({
      changed: [],
      failed: [{ urn: URN, reason }],
      unfinished: [],
      errors: [],
    });
    expect((failed(events, { what: 'preview' }) as Error).message).toBe(
      `the preview of stack production failed: routing-api: ${reason}. Nothing was changed`,
    );
  });

  it('a secret that a provider tells in its error is hidden', () => {
    const told = said('error', 'cannot reach postgres://azora:hunter2@db/azora', URN);
    expect(JSON.stringify([tally([told]), toUpdateEvent(told)])).not.toContain('hunter2');
    const failure = failed([event({ resOutputsEvent: step('update', URN) })], {
      error: new Error('postgres://azora:hunter2@db/azora refused'),
    });
    expect((failure as Error).message).toMatch(/postgres:.*refused/);
    expect((failure as Error).message).not.toContain('hunter2');
  });

  it('an expected error comes out as it went in, Pulumi’s own kind as a refusal, a bug as itself', () => {
    const expected = refused('not now', 'later');
    expect(failed([], { thrown: Object.assign(new pulumi.RunError('x'), { cause: expected }) })).toBe(
      expected,
    );
    expect(failed([], { thrown: new pulumi.RunError('stale checkout') })).toMatchObject({
      exit: 3,
      message: 'stale checkout',
    });
    const bug = new TypeError('x is undefined');
    expect(failed([said('error', 'TypeError: x is undefined', STACK)], { thrown: bug })).toBe(bug);
    expect(failed([said('error', 'no plugin found', STACK)])).toMatchObject({
      exit: 3,
      message: 'no plugin found',
    });
  });

  it('a wrong passphrase says which to set', () => {
    const error = new Error(
      'pulumi up ended with 1: error: failed to decrypt: incorrect passphrase, please set',
    );
    expect(failed([], { error })).toMatchObject({
      exit: 3,
      hint: expect.stringContaining('PULUMI_CONFIG_PASSPHRASE'),
    });
  });
});
