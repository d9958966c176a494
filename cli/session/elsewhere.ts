import type { StackOutputs, StackUpdater } from '../../release/ports/stack.ts';
import { liveOf } from '../../release/core/release.ts';
import { recordStore } from '../../release/adapters/records.ts';
import type { Elsewhere, Ports } from '../../release/runner/types.ts';

/**
 * What became of a version in another environment: what is live there now counts as ended well (a direct update
 * that fails leaves the version before); otherwise its newest record says how it ended.
 */
export const elsewhereIn = async (
  open: (environment: string) => Promise<StackUpdater>,
  objects: (outputs: StackOutputs) => Ports['objects'],
  environment: string,
  version: string,
): Promise<Elsewhere | undefined> => {
  const outputs = await (await open(environment)).outputs();
  if (outputs === undefined) return undefined;
  const slot = liveOf(outputs.release);
  if (slot?.version === version)
    return {
      deployment: slot.deployment,
      status: 'success',
      images: Object.fromEntries(Object.entries(slot.services).map(([name, s]) => [name, s.image])),
    };
  const records = recordStore(objects(outputs).record, environment);
  const found = (await records.summaries()).find((r) => r.version === version && r.kind === 'release');
  const record = found === undefined ? undefined : await records.read(found.deployment);
  return record === undefined
    ? undefined
    : { deployment: record.deployment_id, status: record.status, images: record.images };
};
