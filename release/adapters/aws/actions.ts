import { ACTIONS as ECR } from '../registry/ecr.ts';
import { ACTIONS as METRICS } from './metrics.ts';
import { ACTIONS as PROBER } from './prober.ts';
import { ACTIONS as SECRETS } from './secrets.ts';
import { ACTIONS as SERVICES } from './services.ts';
import { ACTIONS as TASK_DEFINITION } from './task-definition.ts';
import { ACTIONS as TASK_LOGS } from './task-logs.ts';
import { ACTIONS as TASKS } from './tasks.ts';
import { ACTIONS as TRAFFIC } from './traffic.ts';

/** The IAM actions behind every port that has an adapter here: what the role of a release must allow, and no more. */
export const ACTIONS_BY_PORT = {
  traffic: TRAFFIC,
  prober: [...PROBER, ...SERVICES],
  metrics: METRICS,
  images: ECR,
  secrets: SECRETS,
  tasks: [...TASKS, ...TASK_DEFINITION, ...TASK_LOGS],
  /** `release/adapters/objects.ts`; `ListBucket` is on the bucket, the others on its objects. */
  objects: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:ListBucket'],
} as const;
