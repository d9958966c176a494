import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Traffic, Weights } from '../../../release/ports/traffic.ts';

export interface TrafficWorld {
  readonly traffic: Traffic;
  /** At least 20 rules that forward somewhere. */
  readonly rules: readonly string[];
  /** Two target groups, both known to the load balancer. */
  readonly groups: readonly [string, string];
  /** The ARN of a rule that does not exist. */
  readonly missing: string;
  close(): Promise<void>;
}

/** Percent by target group: adapters may keep another scale. */
export const shares = (weights: Weights): Record<string, number> => {
  const total = Object.values(weights).reduce((a, b) => a + b, 0);
  return Object.fromEntries(
    Object.entries(weights).map(([group, w]) => [group, Math.round((w / total) * 10_000) / 100]),
  );
};

export const trafficContract = (name: string, open: () => Promise<TrafficWorld>): void => {
  describe(`the traffic port on ${name}`, () => {
    let world: TrafficWorld;
    beforeAll(async () => {
      world = await open();
    });
    afterAll(() => world.close());

    it('reads back what was written, in the order of the question', async () => {
      const { traffic, rules, groups } = world;
      const [first = '', second = ''] = rules;
      await traffic.write([
        { arn: first, weights: { [groups[0]]: 95, [groups[1]]: 5 } },
        { arn: second, weights: { [groups[1]]: 100 } },
      ]);
      const read = await traffic.read([second, first]);
      expect(read.map((r) => r.arn)).toEqual([second, first]);
      expect(read.map((r) => shares(r.weights))).toEqual([
        { [groups[1]]: 100 },
        { [groups[0]]: 95, [groups[1]]: 5 },
      ]);
    });

    it('takes a group out of the rule that is not named any more', async () => {
      const { traffic, rules, groups } = world;
      const [arn = ''] = rules;
      await traffic.write([{ arn, weights: { [groups[0]]: 50, [groups[1]]: 50 } }]);
      await traffic.write([{ arn, weights: { [groups[0]]: 100 } }]);
      await traffic.write([{ arn, weights: { [groups[0]]: 100 } }]);
      const [rule] = await traffic.read([arn]);
      expect(Object.keys(rule?.weights ?? {})).toEqual([groups[0]]);
    });

    it('keeps shares that are no whole percent', async () => {
      const { traffic, rules, groups } = world;
      const [arn = ''] = rules;
      await traffic.write([{ arn, weights: { [groups[0]]: 97.5, [groups[1]]: 2.5 } }]);
      const [rule] = await traffic.read([arn]);
      expect(shares(rule?.weights ?? {})).toEqual({ [groups[0]]: 97.5, [groups[1]]: 2.5 });
    });

    it('sets twenty rules at once, within the second that a rollback has', async () => {
      const { traffic, rules, groups } = world;
      const twenty = rules.slice(0, 20);
      const times: { write: number; read: number }[] = [];
      // The best of three: what else this machine does is not the adapter's.
      for (const group of [groups[1], groups[0], groups[1]]) {
        const startedAt = performance.now();
        await traffic.write(twenty.map((arn) => ({ arn, weights: { [group]: 100 } })));
        const written = performance.now();
        const read = await traffic.read(twenty);
        times.push({ write: written - startedAt, read: performance.now() - written });
        expect(read.map((r) => Object.keys(r.weights))).toEqual(twenty.map(() => [group]));
      }
      const [best] = times.sort((a, b) => a.write + a.read - b.write - b.read);
      const { write, read } = best ?? { write: Infinity, read: Infinity };
      console.log(
        `${name}: 20 rules written in ${Math.round(write)} ms, read back in ${Math.round(read)} ms`,
      );
      expect(write + read).toBeLessThan(1_000);
    });

    it('says which rule does not exist, when reading and when writing', async () => {
      const { traffic, rules, groups, missing } = world;
      const [arn = ''] = rules;
      await expect(traffic.read([arn, missing])).rejects.toThrow();
      const weights = { [groups[1]]: 100 };
      await expect(
        traffic.write([
          { arn, weights },
          { arn: missing, weights },
        ]),
      ).rejects.toThrow(missing);
      // One rule that cannot be set holds up no other.
      expect(Object.keys((await traffic.read([arn]))[0]?.weights ?? {})).toEqual([groups[1]]);
    });
  });
};
