import { wholeWeights } from '../../release/core/weights.ts';
import type { Rule, Traffic } from '../../release/ports/traffic.ts';
import type { Sandbox } from '../client.ts';

/** The sandbox balancer's rules, by direct calls. */
export const sandboxTraffic = (sandbox: Sandbox): Traffic => ({
  read: (rules) => sandbox.call<Rule[]>('POST', '/balancer/rules/read', { rules }),
  write: async (rules) => {
    const whole = rules.map(({ arn, weights }) => ({ arn, weights: wholeWeights(weights) }));
    await sandbox.call('POST', '/balancer/rules/write', { rules: whole });
  },
});
