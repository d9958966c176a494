import * as pulumi from '@pulumi/pulumi';
import { DatabaseCommand } from '../components/database-command.ts';
import { planCommands } from '../components/database-command.plan.ts';
import type { Release } from '../config/release.types.ts';
import { directFacts } from '../release/core/records/direct.ts';
import { canonical, liveSlot } from '../release/core/release.ts';
import { deploysItself, type CommandSurroundings } from './commands.ts';
import type { Settings } from './settings.ts';
import type { Declared } from './targets/target.ts';

/** What an update that deploys by itself does as the engine does: smoke tests before traffic moves, and the record at the end. */

/** The smoke tests of the slot that gets the traffic, which is asked by its preview rule. */
export const declareSmoke = (
  { settings, release, tokens, buckets }: CommandSurroundings,
  way: { readonly url: pulumi.Output<string>; readonly header: string },
  after: readonly pulumi.Resource[],
): DatabaseCommand | undefined => {
  const { app } = settings;
  const live = liveSlot(release);
  const slot = live === undefined ? undefined : release.slots[live];
  const token = live === undefined ? undefined : tokens[live];
  if (!deploysItself({ settings, release }) || slot === undefined || token === undefined) return undefined;
  const [planned] = planCommands({ app, smoke: slot });
  if (planned === undefined || app.smoke.tests.length === 0) return undefined;
  const tests = pulumi.all([way.url, token]).apply(([url, value]) =>
    JSON.stringify(
      app.smoke.tests.map(({ path, headers, ...test }) => ({
        ...test,
        url: `${url}${path}`,
        headers: { ...headers, [way.header]: value },
      })),
    ),
  );
  return new DatabaseCommand('smoke', {
    planned,
    environment: {
      AWS_REGION: settings.region,
      SLUICE_RECORD_BUCKET: buckets.names.record,
      SLUICE_LEASE_BUCKET: buckets.names.lease,
      SLUICE_SMOKE_TESTS: pulumi.secret(tests),
    },
    after: [...buckets.ready, ...after],
  });
};

/** The record of the deployment that is live, written when everything is done. */
export const declareRecord = (settings: Settings, release: Release, declared: Declared): void => {
  const { app, region } = settings;
  const facts = directFacts(app, release);
  if (!deploysItself({ settings, release }) || facts === undefined) return;
  const [planned] = planCommands({ app, record: facts });
  if (planned === undefined) return;
  const { names, ready } = declared.buckets;
  new DatabaseCommand('record', {
    planned,
    environment: {
      AWS_REGION: region,
      SLUICE_RECORD_BUCKET: names.record,
      SLUICE_LEASE_BUCKET: names.lease,
      SLUICE_BACKUP_BUCKET: names.backup,
      SLUICE_RELEASE_FACTS: declared.done.apply(() => canonical(facts)),
    },
    after: ready,
  });
};
