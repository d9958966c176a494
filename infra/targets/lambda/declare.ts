import * as pulumi from '@pulumi/pulumi';
import type { Alias } from '@pulumi/aws/lambda/alias.js';
import { Buckets } from '../../../components/buckets.ts';
import { migratesBeforeStart } from '../../../components/database-command.plan.ts';
import { FunctionAlias } from '../../../components/function-alias.ts';
import { LambdaService } from '../../../components/lambda-service.ts';
import { functionName } from '../../../components/lambda-service.plan.ts';
import type { Scope } from '../../../components/names.ts';
import type { SlotName } from '../../../config/types.ts';
import { sharesOf, slotNames, type Shares } from '../../../release/core/release.ts';
import { aliasWeights } from '../../../release/core/weights.ts';
import { declareBackup, declareMigration, type CommandSurroundings } from '../../commands.ts';
import type { Declared, DeclareArgs } from '../target.ts';
import { planFunction, remember, type FunctionPlan, type Functions } from './versions.ts';
import { declareInvocations } from './verification.ts';

/** One function as it was declared, with the number of each slot's version. */
export interface MadeFunction {
  readonly plan: FunctionPlan;
  readonly made: LambdaService;
  readonly numbers: Partial<Record<SlotName, pulumi.Output<string>>>;
}

const plansOf = async (
  { release, settings, carried }: DeclareArgs,
  scope: Scope,
): Promise<FunctionPlan[]> => {
  const known = (carried['functions'] ?? {}) as Functions;
  const names = new Set([
    ...Object.keys(settings.app.services).filter((s) => known[s] !== undefined),
    ...slotNames(release).flatMap((s) => Object.keys(release.slots[s]?.services ?? {})),
  ]);
  const plans = await Promise.all(
    [...names].sort().map((s) => planFunction(s, functionName(scope, s), release, known[s])),
  );
  return plans.filter((p) => p !== undefined);
};

const numbersOf = (
  { release }: DeclareArgs,
  { service, publishes, published }: FunctionPlan,
  made: LambdaService,
): MadeFunction['numbers'] =>
  Object.fromEntries(
    slotNames(release).flatMap((slot) => {
      const frozen = release.slots[slot];
      if (frozen?.services[service] === undefined) return [];
      const number = frozen.deployment === publishes ? made.function.version : published[frozen.deployment];
      return number === undefined ? [] : [[slot, pulumi.output(number)]];
    }),
  );

/** The alias says what the release says; a function that nobody is served by has none. */
const declareAlias = (
  { settings }: DeclareArgs,
  { plan, made, numbers }: MadeFunction,
  shares: Shares | undefined,
  after: readonly pulumi.Resource[],
): Alias | undefined => {
  const { target } = settings.app;
  const weights = shares === undefined ? undefined : aliasWeights(shares);
  if (weights === undefined || target.kind !== 'lambda') return undefined;
  const numberOf = (slot: string): pulumi.Output<string> => {
    const number = numbers[slot as SlotName];
    if (number === undefined) throw new Error(`slot ${slot} has no published version`);
    return number;
  };
  const [other] = Object.entries(weights.additional);
  return new FunctionAlias(`routing-${plan.service}`, {
    alias: target.alias,
    description: `users of ${plan.service} in ${settings.app.environment}`,
    functionName: made.function.name,
    version: numberOf(weights.version),
    other: other === undefined ? undefined : { version: numberOf(other[0]), share: other[1] },
    after,
  }).alias;
};

/** Declares every function of the release: versions first, then what verifies them, then aliases. */
export const declareFunctions = async (args: DeclareArgs): Promise<Declared> => {
  const { settings, release } = args;
  const { app } = settings;
  const scope: Scope = { application: app.application, environment: app.environment };
  const plans = await plansOf(args, scope);
  const buckets = new Buckets('buckets', { scope, settings: app.buckets, keepDaily: app.backups.keep });
  const around: CommandSurroundings = { ...args, buckets, place: {} };
  const backup = declareBackup(around);
  const early = migratesBeforeStart(app.database) ? declareMigration(around, backup, []) : undefined;
  const functions = plans.map((plan): MadeFunction => {
    const waits = early !== undefined && plan.publishes === release.schema?.deployment;
    const made = new LambdaService(
      plan.service,
      {
        scope,
        service: plan.service,
        latest: plan.latest,
        permissionsBoundary: app.cluster.permissionsBoundary,
      },
      waits ? { dependsOn: [early.command] } : {},
    );
    return { plan, made, numbers: numbersOf(args, plan, made) };
  });
  const up = functions.map(({ made }) => made.function);
  const late = migratesBeforeStart(app.database) ? undefined : declareMigration(around, backup, up);
  const verification = declareInvocations(around, functions);
  const commands = [backup, early, late, verification].filter((c) => c !== undefined);
  const shares = sharesOf(release);
  const after = [...up, ...commands.map((c) => c.command)];
  const aliases = new Map(
    functions.map((f) => [f.plan.service, declareAlias(args, f, shares[f.plan.service], after)]),
  );
  return {
    url: pulumi.output(app.url),
    buckets,
    routing: routingOf(functions, aliases),
    done: pulumi.all([
      ...up.map((f) => f.version),
      ...[...aliases.values()].flatMap((a) => (a === undefined ? [] : [a.id])),
      ...commands.map((c) => c.command.id),
    ]),
    more: {
      functions: pulumi.output(
        Object.fromEntries(functions.map((f) => [f.plan.service, remember(f.plan, f.made.function.version)])),
      ),
    },
  };
};

const routingOf = (
  functions: readonly MadeFunction[],
  aliases: ReadonlyMap<string, Alias | undefined>,
): Declared['routing'] =>
  pulumi.output({
    services: Object.fromEntries(
      functions.map(({ plan, made, numbers }) => {
        const alias = aliases.get(plan.service);
        const targetGroups = Object.fromEntries(
          Object.entries(numbers).map(([slot, number]) => [
            slot,
            pulumi.interpolate`${made.function.arn}:${number}`,
          ]),
        );
        return [plan.service, { ...(alias === undefined ? {} : { rule: alias.arn }), targetGroups }];
      }),
    ),
  });
