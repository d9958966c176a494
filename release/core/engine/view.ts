import type { Release } from '../../../config/release.types.ts';
import { liveVersion } from '../release.ts';
import type { VerdictKind } from '../gate/types.ts';
import type { Entry, PhaseName, Result, State, Totals } from './types.ts';

/** What a person looks at while a deployment runs. Plain data, made anew after every event. */
export interface View {
  readonly deployment: string;
  readonly environment: string;
  readonly kind: State['kind'];
  readonly from: string | undefined;
  readonly to: string;
  readonly phase: PhaseName;
  /** Names of all stages with what became of them. */
  readonly stages: readonly {
    readonly name: string;
    readonly traffic: number;
    readonly status: 'waiting' | 'running' | 'healthy' | 'failed' | 'aborted';
  }[];
  readonly stage: { readonly name: string; readonly traffic: number; readonly bake: number } | undefined;
  /** Milliseconds that the bake still lasts; undefined outside a bake. */
  readonly bakeLeft: number | undefined;
  readonly traffic: Release['traffic'] | undefined;
  readonly serial: number | undefined;
  readonly counts: Readonly<Record<string, Totals>>;
  readonly probes: readonly {
    readonly service: string;
    readonly healthy: boolean;
    readonly reason?: string;
  }[];
  readonly verdict: VerdictKind | undefined;
  readonly why: string | undefined;
  readonly paused: { readonly by: string; readonly why: string } | undefined;
  readonly failure: string | undefined;
  readonly result: Result | undefined;
  readonly timeline: readonly Entry[];
  readonly startedAt: number;
  readonly at: number;
}

export const viewOf = (s: State, now: number): View => {
  const stage = s.phase.name === 'stage' ? s.stages[s.phase.index] : undefined;
  const baking = s.phase.name === 'stage' && s.phase.part === 'bake' ? stage?.bakeFrom : undefined;
  const verdict = s.phase.name === 'stage' ? s.phase.verdict : s.stages.at(-1)?.verdicts.at(-1)?.verdict;
  return {
    deployment: s.request.deployment,
    environment: s.request.environment,
    kind: s.kind,
    from: liveVersion(s.before),
    to: s.request.version,
    phase: s.phase.name,
    stages: stagesOf(s),
    stage: stage === undefined ? undefined : { name: stage.name, traffic: stage.wanted, bake: stage.bake },
    bakeLeft:
      baking === undefined || stage === undefined ? undefined : Math.max(0, baking + stage.bake - now),
    traffic: s.current?.traffic,
    serial: s.current?.serial,
    counts: stage?.totals ?? s.totals,
    probes: s.lastProbes.map((p) => ({
      service: p.service,
      healthy: p.healthy,
      ...(p.reason === undefined ? {} : { reason: p.reason }),
    })),
    verdict: verdict?.verdict,
    why: s.phase.name === 'halted' ? s.phase.why : (s.failure?.why ?? verdict?.why),
    paused: s.paused,
    failure: s.failure?.why,
    result: s.phase.name === 'done' ? s.phase.result : undefined,
    timeline: s.timeline,
    startedAt: s.startedAt,
    at: now,
  };
};

const stagesOf = (s: State): View['stages'] => {
  const planned = s.steps.flatMap((step) => (step.kind === 'shift' ? [step.stage] : []));
  return planned.map((p) => ({
    name: p.name,
    traffic: p.traffic,
    status: s.stages.find((run) => run.name === p.name)?.status ?? 'waiting',
  }));
};
