import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCloud, type Cloud } from '../../../sandbox/cloud/cloud.ts';
import { DEFAULT_OPTIONS } from '../../../sandbox/cloud/options.ts';
import type { CheckFailure, Props } from '../../../sandbox/provider/contract.ts';
import type { Reaper } from '../../../sandbox/cloud/reaper-client.ts';

const NO_REAPER: Reaper = {
  adopt: () => undefined,
  release: () => undefined,
  removeLater: () => undefined,
  keep: () => undefined,
  close: () => Promise.resolve(),
};

export const urnOf = (type: string, name: string): string =>
  `urn:pulumi:production::sluice::${type}::${name}`;

export interface TestCloud {
  readonly cloud: Cloud;
  readonly directory: string;
  /** Checks and creates; a check failure is thrown as its reasons. */
  create(type: string, name: string, news: Props): Promise<{ id: string; outputs: Props; inputs: Props }>;
  failures(type: string, name: string, news: Props): Promise<CheckFailure[]>;
  remove(type: string, made: { id: string; outputs: Props }): Promise<void>;
  close(): Promise<void>;
}

/** All parts but PostgreSQL in this process: no daemon, no reaper, nothing that outlives the test. */
export const testCloud = async (): Promise<TestCloud> => {
  const directory = mkdtempSync(join(tmpdir(), 'cloud-'));
  const options = { ...DEFAULT_OPTIONS, directory, cwd: directory, postgres: false, steadySeconds: 5 };
  const control = () => ({ url: 'http://127.0.0.1:9', token: 'token' });
  const cloud = await startCloud(options, NO_REAPER, { control, log: () => undefined });
  const { provider } = cloud;
  const check = (type: string, name: string, news: Props) =>
    provider.check({ urn: urnOf(type, name), type, olds: {}, news, randomSeed: name });
  return {
    cloud,
    directory,
    create: async (type, name, news) => {
      const { inputs, failures } = await check(type, name, news);
      if (failures.length > 0) throw new Error(failures.map((f) => `${f.property}: ${f.reason}`).join('\n'));
      const made = await provider.create({
        urn: urnOf(type, name),
        type,
        inputs,
        preview: false,
        timeout: 0,
      });
      return { ...made, inputs };
    },
    failures: async (type, name, news) => (await check(type, name, news)).failures,
    remove: (type, { id, outputs }) =>
      provider.delete({ urn: urnOf(type, 'x'), type, id, outputs, timeout: 0 }),
    close: async () => {
      await cloud.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
