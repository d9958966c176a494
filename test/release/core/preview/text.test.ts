import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { previewMarkdown } from '../../../../release/core/preview/markdown.ts';
import { outlookOf } from '../../../../release/core/preview/outlook.ts';
import { previewLines } from '../../../../release/core/preview/terminal.ts';
import type { OutlookInput, PreviewPage } from '../../../../release/core/preview/types.ts';
import { D1, D2, live, service, slot } from '../../../support/releases.ts';
import { change } from './change.ts';

const page = (input: Partial<OutlookInput> = {}): PreviewPage => ({
  stack: 'production',
  now: 'release 7: 100 % on v1.0.0 (blue)',
  notes: [],
  outlooks: [
    outlookOf({
      title: 'The next release: v2.0.0',
      command: 'sluice deploy --version v2.0.0',
      from: live(),
      to: live({
        serial: 8,
        deployment: D2,
        slots: { blue: slot('v1.0.0', D1), green: slot('v2.0.0', D2, ['api', 'auth'], 2) },
        traffic: { blue: 0, green: 100 },
      }),
      changes: [change('delete', 'aws:s3/bucket:Bucket', 'records', { protect: true })],
      ...input,
    }),
  ],
});

const withValue = (value: string): Partial<OutlookInput> => ({
  to: live({
    deployment: D2,
    slots: {
      green: {
        version: 'v2.0.0',
        deployment: D2,
        services: { api: service('api', 1, { environment: { A: value } }) },
      },
    },
    traffic: { blue: 0, green: 100 },
  }),
});

describe('the same for a pull request and for a terminal', () => {
  it('what is deleted stands before traffic and services, with its protection', () => {
    for (const text of [
      previewMarkdown(page()),
      previewLines(page())
        .map((l) => l.text)
        .join('\n'),
    ]) {
      const places = ['bucket records would be deleted', '100 % on v2.0.0 (green)', 'auth'].map((t) =>
        text.indexOf(t),
      );
      expect(places.every((p) => p > 0)).toBe(true);
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(text).toContain('protected: the update is refused');
    }
  });

  it('a password in an address and what stands under a secret’s name never appear', () => {
    const secrets = ['postgres://app:hunter2-long@db/app', 'ghp_0123456789012345678901234567890123456789'];
    for (const secret of secrets) {
      const shown = page(withValue(secret));
      const all = previewMarkdown(shown) + JSON.stringify(previewLines(shown)) + JSON.stringify(shown);
      expect(all).not.toMatch(/hunter2-long|ghp_0123/);
    }
  });

  it('no value can break the table, mention anybody or reach the terminal', () => {
    assert(
      property(string({ maxLength: 40 }), (value) => {
        const shown = page(withValue(`${value}|x @all \u001b[31m\n| y`));
        const markdown = previewMarkdown(shown);
        const rows = markdown.split('\n').filter((l) => l.startsWith('| api'));
        expect(rows).toHaveLength(1);
        // Four cells: what separates them is the only bar that is not escaped.
        expect(rows[0]?.replaceAll(/\\./g, '').match(/\|/g)).toHaveLength(5);
        expect(markdown).not.toContain('@all');
        // oxlint-disable-next-line no-control-regex
        expect(previewLines(shown).some((l) => /[\u0000-\u001f]/.test(l.text))).toBe(false);
      }),
      { numRuns: 30 },
    );
  });

  it('stays within what GitHub takes, however large the application', () => {
    const names = Array.from({ length: 400 }, (_, i) => `service-with-a-rather-long-name-${i}`);
    const to = live({
      deployment: D2,
      slots: { green: slot('v2.0.0', D2, names) },
      traffic: { blue: 0, green: 100 },
    });
    const changes = names.map((n) => change('delete', 'aws:ec2/subnet:Subnet', n));
    const text = previewMarkdown(page({ to, changes }));
    expect(text.length).toBeLessThan(65_536);
    expect(text).toContain('and 360 more');
  });
});
