import { resolveImages } from '../../../components/images.ts';
import type { Target } from '../target.ts';
import { declareApplication } from './application.ts';
import { readLiveWeights } from './live-weights.ts';

/** Containers on ECS behind a load balancer: two slots, one weighted rule a service. */
export const ecs: Target = {
  carries: ['positions'],
  live: (stack, routing) => readLiveWeights(stack, routing.services),
  artifacts: resolveImages,
  declare: ({ carried, ...args }) =>
    declareApplication({ ...args, positions: (carried['positions'] ?? {}) as Record<string, number> }),
};
