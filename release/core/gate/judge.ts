import { evidenceNow } from './evidence.ts';
import { failureNow } from './failure.ts';
import { needsNow, type Need } from './promotion.ts';
import { overall, probesText } from './sentences.ts';
import type { State } from './state.ts';
import type { GateContext, Verdict } from './types.ts';
import { many, spanText, waitText } from './words.ts';

type Decision = Pick<Verdict, 'verdict' | 'why' | 'by' | 'inconclusive'>;

/** The verdict at this moment. Whatever has failed stays failed. */
export const judgeNow = (state: State, context: GateContext): Verdict => ({
  ...decide(state, context),
  evidence: evidenceNow(state),
  look: { ...context, events: state.log.events },
});

const decide = (state: State, context: GateContext): Decision => {
  const failure = failureNow(state, context);
  if (failure) return { verdict: 'fail', ...failure, inconclusive: false };
  const { startedAt, bake } = context.stage;
  const elapsed = context.now - startedAt;
  if (elapsed < bake)
    return hold(`${stageText(context)} for ${waitText(bake - elapsed)} more: ${soFar(state)}`, 'time');
  const needs = needsNow(state, context);
  if (needs.length === 0) return pass(passText(state, context), false);
  const waiting = needs.find((need) => need.kind === 'counts');
  if (waiting) return hold(waiting.text, waiting.by);
  const text = listed(needs);
  if (elapsed < state.terms.patience * bake) return hold(text, needs[0]?.by ?? 'time');
  return inconclusive(state, context, text);
};

const inconclusive = (state: State, context: GateContext, text: string): Decision => {
  const after = `after ${spanText(context.now - context.stage.startedAt)} at ${context.stage.share} % still inconclusive (${text})`;
  const policy = state.terms.onInconclusive;
  switch (policy) {
    case 'continue':
      return pass(`${after}; going on, as configured`, true);
    case 'rollback':
      return { verdict: 'fail', why: `${after}; going back, as configured`, by: 'time', inconclusive: true };
    case 'ask':
      return { ...hold(`${after}; a person decides: promote or abort`, 'time'), inconclusive: true };
    default:
      return policy satisfies never;
  }
};

const pass = (why: string, uncertain: boolean): Decision => ({
  verdict: 'pass',
  why,
  by: 'time',
  inconclusive: uncertain,
});

const hold = (why: string, by: Verdict['by']): Decision => ({
  verdict: 'hold',
  why,
  by,
  inconclusive: false,
});

const stageText = (context: GateContext): string => `${context.stage.share} %`;

const soFar = (state: State): string => overall(state) ?? probesText(state);

const LISTED = 3;

const listed = (needs: readonly Need[]): string => {
  const rest = needs.length - LISTED;
  return [
    ...needs.slice(0, LISTED).map((need) => need.text),
    ...(rest > 0 ? [`and ${many(rest, 'service')} more`] : []),
  ].join('; ');
};

const compares = (state: State): boolean =>
  Object.values(state.services).some((service) => service.errors !== null || service.latency !== null);

const passText = (state: State, context: GateContext): string => {
  const held = `${stageText(context)} for ${spanText(context.now - context.stage.startedAt)}`;
  if (!compares(state)) return `${held}: ${probesText(state)}; counts are not compared (mode "health")`;
  if (context.stage.control) return `${held}: ${soFar(state)}; nothing speaks against it`;
  const { objectives, stable } = state.terms;
  const kept = objectives.errors === null && objectives.slow === null ? '' : ', objectives kept';
  return `${held}: ${probesText(state)}${kept}; ${stable} is no longer beside it to compare with, so no bound on false verdicts holds here`;
};
