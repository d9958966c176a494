import * as pulumi from '@pulumi/pulumi';
import type { DatabaseCommand } from '../../../components/database-command.ts';
import { liveSlot } from '../../../release/core/release.ts';
import { declareVerification, deploysItself, type CommandSurroundings } from '../../commands.ts';
import type { MadeFunction } from './declare.ts';

/** Where no engine watches, the version that gets the traffic answers its test payloads before any alias changes. */
export const declareInvocations = (
  around: CommandSurroundings,
  functions: readonly MadeFunction[],
): DatabaseCommand | undefined => {
  const { release } = around;
  const live = liveSlot(release);
  const slot = live === undefined ? undefined : release.slots[live];
  if (!deploysItself(around) || live === undefined || slot === undefined) return undefined;
  const targets = functions.flatMap(({ plan, made, numbers }) => {
    const definition = slot.services[plan.service];
    const number = numbers[live];
    if (definition?.function === undefined || number === undefined) return [];
    const { image, critical, health } = definition;
    return [
      {
        service: plan.service,
        function: pulumi.interpolate`${made.function.arn}:${number}`,
        critical,
        version: health.version ? slot.version : null,
        image,
        tests: definition.function.tests,
      },
    ];
  });
  return declareVerification(around, {
    slot,
    environment: { SLUICE_FUNCTION_TARGETS: pulumi.jsonStringify(targets) },
    after: functions.map(({ made }) => made.function),
  });
};
