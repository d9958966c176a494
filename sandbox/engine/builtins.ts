import { randomUUID } from 'node:crypto';
import type { Provider } from '../provider/contract.ts';
import { deepEqual } from './values.ts';

const unexpected = (what: string) => (): Promise<never> =>
  Promise.reject(new Error(`a provider resource cannot be ${what}`));

/**
 * Explicit providers (`new aws.Provider(…)`) are resources of the engine itself: settings with an identity. The
 * handlers stand behind all of them.
 */
export const providerResources: Provider = {
  check: ({ news }) => Promise.resolve({ inputs: news, failures: [] }),
  diff: ({ oldInputs, news }) => {
    const keys = [...new Set([...Object.keys(oldInputs), ...Object.keys(news)])];
    const differing = keys.filter((key) => !deepEqual(oldInputs[key], news[key]));
    return Promise.resolve({
      changes: differing.length > 0,
      replaces: [],
      deleteBeforeReplace: false,
      detailed: Object.fromEntries(
        differing.map((key) => [
          key,
          { kind: !(key in oldInputs) ? 'add' : key in news ? 'update' : 'delete' } as const,
        ]),
      ),
    });
  },
  create: ({ inputs, preview }) => Promise.resolve({ id: preview ? '' : randomUUID(), outputs: inputs }),
  update: ({ news }) => Promise.resolve({ outputs: news }),
  delete: () => Promise.resolve(),
  read: ({ id, inputs, outputs }) => Promise.resolve({ id, inputs, outputs }),
  invoke: unexpected('invoked'),
};
