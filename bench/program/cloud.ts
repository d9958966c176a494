/** A cloud that agrees to everything at once: what is measured is the program and the engine. */
import type { Props, Provider } from '../../sandbox/provider/contract.ts';

const differs = (a: unknown, b: unknown): boolean => a !== b && JSON.stringify(a) !== JSON.stringify(b);

/** Outputs that the program reads and that are no inputs. */
const outputsOf = (type: string, id: string, inputs: Props): Props => ({
  ...inputs,
  arn: `arn:aws:bench:eu-west-1:123456789012:${id}`,
  ...(type === 'aws:lb/loadBalancer:LoadBalancer' ? { dnsName: '127.0.0.1:8080', zoneId: 'Z1' } : {}),
  ...(type === 'aws:acm/certificate:Certificate' ? { domainValidationOptions: [] } : {}),
});

const ZONES = { names: ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'] };

export const agreeingCloud = (): Provider => {
  let next = 1;
  return {
    check: ({ news }) => Promise.resolve({ inputs: news, failures: [] }),
    diff: ({ oldInputs, news, ignoreChanges }) => {
      const keys = [...new Set([...Object.keys(oldInputs), ...Object.keys(news)])].filter(
        (key) => !ignoreChanges.includes(key) && differs(oldInputs[key], news[key]),
      );
      return Promise.resolve({
        changes: keys.length > 0,
        replaces: [],
        deleteBeforeReplace: false,
        detailed: Object.fromEntries(keys.map((key) => [key, { kind: 'update' }] as const)),
      });
    },
    create: ({ type, inputs, preview }) => {
      if (preview) return Promise.resolve({ id: '', outputs: inputs });
      const id = `bench-${next++}`;
      return Promise.resolve({ id, outputs: outputsOf(type, id, inputs) });
    },
    update: ({ olds, news }) => Promise.resolve({ outputs: { ...olds, ...news } }),
    delete: () => Promise.resolve(),
    read: ({ id, inputs, outputs }) => Promise.resolve({ id, inputs, outputs }),
    invoke: ({ token }) =>
      Promise.resolve(
        token === 'aws:index/getAvailabilityZones:getAvailabilityZones'
          ? { result: ZONES, failures: [] }
          : { result: {}, failures: [{ property: '', reason: `the bench has no answer to ${token}` }] },
      ),
  };
};
