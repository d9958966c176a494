import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findExample } from '../../cli/demo/example.ts';
import { playScenario } from '../../cli/demo/scenario.ts';
import { parseRecord } from '../../release/core/records/parse.ts';
import { findScenario } from '../../sandbox/scenarios/scenarios.ts';

interface Mail {
  readonly body: { readonly to: readonly string[]; readonly text: string };
}
interface Page {
  readonly body: { readonly event_action: string };
}

const digest = (image: string): string => image.slice(image.indexOf('@'));

test('Running-app: production promotes the digests that staging ran, after an approval, all traffic at once', async () => {
  const scenario = findScenario('healthy');
  if (scenario === undefined) throw new Error('there is always a healthy one');
  const directory = mkdtempSync(join(tmpdir(), 'sluice-running-app-'));
  const notes: string[] = [];
  try {
    await playScenario(
      {
        scenario,
        example: await findExample('running-app'),
        stack: 'production',
        directory,
        rate: 200,
        seed: 3,
        bakes: ['3 seconds'],
        onNote: (note) => void notes.push(note),
      },
      async ({ outcome, traffic, world, session }) => {
        expect(outcome.result).toBe('success');
        expect(traffic.failed).toBe(0);
        const path = join(directory, 'records', 'production', `${outcome.deployment}.json`);
        const record = parseRecord(readFileSync(path, 'utf8'), path);
        expect(record.change.approver).toBe('grace');
        expect(record.rollout_stages.map((s) => s.traffic_percentage)).toEqual([100]);
        const staging = await world.session('v1.1.0', { stack: 'staging', bakes: [] });
        const { release } = await staging.outputs();
        const ran = Object.values(release?.slots ?? {}).find((s) => s?.version === 'v1.1.0');
        expect(Object.keys(record.images).sort()).toEqual(['api', 'web']);
        for (const [service, image] of Object.entries(record.images))
          expect(digest(image)).toBe(digest(ran?.services[service]?.image ?? ''));
        expect(record.messages?.every((m) => m.sent)).toBe(true);
        const mails = await world.sandbox.call<Mail[]>('GET', '/webhooks/email');
        expect(mails.at(-1)?.body.to).toEqual(['oncall-team@company.com']);
        expect(mails.at(-1)?.body.text).toMatch(/^Subject: .*approval required.*v1\.1\.0/m);
        const pages = await world.sandbox.call<Page[]>('GET', '/webhooks/pagerduty');
        expect(pages.map((p) => p.body.event_action)).toEqual(['resolve', 'resolve']);
        expect(notes.some((n) => n.startsWith('grace approves v1.1.0'))).toBe(true);
        await session.close();
      },
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
