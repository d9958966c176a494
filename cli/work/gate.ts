import { readFileSync } from 'node:fs';
import { badInput, EXIT, messageOf, refused, type ExitCode } from '../../lib/errors.ts';
import { seeded } from '../../lib/random.ts';
import { parseRecord } from '../../release/core/records/parse.ts';
import { text, type Values } from '../command.ts';
import { planGate, stagesBeforeAll } from '../gate/plan.ts';
import { replayReport } from '../gate/replay.ts';
import { parseQuantityOption, parseWhole } from '../options.ts';
import type { Printer } from '../print.ts';
import { readStackConfig } from '../session/stack-config.ts';

/** Requests per second may be a fraction: quiet services exist. */
const rateOf = (given: string): number => {
  if (/^\d{1,7}(\.\d{1,4})?$/.test(given) && Number(given) > 0) return Number(given);
  throw badInput('an option cannot be used', [
    {
      path: '--rps',
      reason: 'is no rate',
      got: given,
      allowed: 'requests per second above 0, e.g. 20 or 0.5',
    },
  ]);
};

export const showGatePlan = async (options: Values, print: Printer): Promise<ExitCode> => {
  const { app } = readStackConfig(text(options, 'stack') ?? 'production');
  const share = text(options, 'share');
  const bake = parseQuantityOption('--bake', text(options, 'bake') ?? '5 minutes', 'duration');
  const stages =
    share === undefined
      ? stagesBeforeAll(app)
      : [{ share: parseQuantityOption('--share', share, 'percent'), bake }];
  if (stages.length === 0)
    throw refused(
      'this stack has no stage below 100 %: the gate has nothing to compare with',
      'give one with --share 5%',
    );
  const metrics = [app.gate.errors.enabled, app.gate.latency.enabled].filter(Boolean).length;
  const plan = planGate(
    {
      rps: rateOf(text(options, 'rps') ?? ''),
      errors: parseQuantityOption('--errors', text(options, 'errors') ?? '0.1 %', 'percent') / 100,
      stages,
      settings: app.gate,
      tests: Math.max(1, metrics * Object.keys(app.services).length),
      // The gate is asked whenever probes are due: a window may have been complete for so long.
      delay: app.health.interval,
      probes: { interval: app.health.interval, failures: app.health.failures },
    },
    seeded(parseWhole('--seed', text(options, 'seed') ?? '1', 0, 2 ** 31)),
  );
  const { text: shown, ...data } = plan;
  print.result('gatePlan', data, shown);
  return EXIT.done;
};

export const showReplay = async (path: string, print: Printer): Promise<ExitCode> => {
  let body: string;
  try {
    body = readFileSync(path, 'utf8');
  } catch (error) {
    throw badInput('the record cannot be read', [{ path: '<record>', reason: messageOf(error), got: path }]);
  }
  const { gate } = parseRecord(body, path);
  if (gate === undefined)
    throw refused(`record ${path} holds no gate: the release ended before its first stage`);
  const { text: shown, agrees, replayed } = replayReport(gate);
  print.result('replay', { agrees, verdicts: replayed.length }, shown);
  return agrees ? EXIT.done : EXIT.refused;
};
