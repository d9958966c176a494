import { groupOf, parseShares, ruleOf, sharesBlock } from '../../../config/hosts/proxy.ts';
import type { HostsApp } from '../../../config/hosts/types.ts';
import { SLOTS, type SlotName } from '../../../config/types.ts';
import { EXIT, ExpectedError, refused } from '../../../lib/errors.ts';
import type { Rule, Traffic, Weights } from '../../ports/traffic.ts';
import type { onMachines } from './machines.ts';
import { quoted } from '../../../lib/shell.ts';

type Shares = Partial<Record<SlotName, number>>;

const serviceOf = (rule: string): string => rule.slice(ruleOf('').length);

const weightsOf = (service: string, shares: Shares): Weights =>
  Object.fromEntries(
    SLOTS.flatMap((slot) => ((shares[slot] ?? 0) > 0 ? [[groupOf(service, slot), shares[slot] ?? 0]] : [])),
  );

/** Percent per slot that a rule asks for. */
const sharesIn = ({ arn, weights }: Rule): Shares => {
  const total = Object.values(weights).reduce((sum, w) => sum + w, 0);
  const of = (slot: SlotName): number => weights[groupOf(serviceOf(arn), slot)] ?? 0;
  return total === 0 ? {} : { blue: (100 * of('blue')) / total, green: (100 * of('green')) / total };
};

/** In place there is one slot, and nothing that shares traffic out. */
const inPlace: Traffic = {
  read: (rules) =>
    Promise.resolve(rules.map((arn) => ({ arn, weights: { [groupOf(serviceOf(arn), 'blue')]: 100 } }))),
  write: (rules) => {
    const elsewhere = rules.find((rule) => sharesIn(rule).blue !== 100);
    if (elsewhere === undefined) return Promise.resolve();
    return Promise.reject(
      refused(`${serviceOf(elsewhere.arn)} has one slot on its host: its traffic cannot be shared out`),
    );
  },
};

/** Shares of the machines' own web servers: one share for all services of a host. */
const byProxy = ({ target }: HostsApp, run: ReturnType<typeof onMachines>): Traffic => {
  const config = target.proxy?.config ?? '';
  const call = async (command: string): Promise<readonly string[]> =>
    Object.entries(await run(command)).map(([name, { code, stdout, stderr }]) => {
      if (code === 0) return stdout;
      throw new ExpectedError(`${name}: ${stderr.trim()}`, { exit: EXIT.personNeeded });
    });
  return {
    read: async (rules) => {
      if (rules.length === 0) return [];
      const found = (await call(`cat ${quoted(config)}`)).map(parseShares);
      const [first = {}] = found;
      const other = found.find((shares) => SLOTS.some((s) => (shares[s] ?? 0) !== (first[s] ?? 0)));
      if (other !== undefined)
        throw refused(
          `the machines share traffic out differently: ${JSON.stringify(first)} and ${JSON.stringify(other)}`,
          'sluice reconcile',
        );
      return rules.map((arn) => ({ arn, weights: weightsOf(serviceOf(arn), first) }));
    },
    write: async (rules) => {
      const [rule] = rules;
      if (rule === undefined) return;
      const shares = sharesIn(rule);
      const last: SlotName = (shares.green ?? 0) > 0 ? 'green' : 'blue';
      const block = sharesBlock(shares, last).join('');
      await call(
        `sh ${quoted(`${target.path}/sluice/host.sh`)} weights ${quoted(config)} ${quoted(target.proxy?.reload ?? '')} ${quoted(block)}`,
      );
    },
  };
};

/** Traffic of an application on hosts, read and set over SSH. */
export const hostsTraffic = (app: HostsApp, run: ReturnType<typeof onMachines>): Traffic =>
  app.strategy === 'rolling' ? inPlace : byProxy(app, run);
