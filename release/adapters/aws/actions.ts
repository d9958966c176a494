import { ACTIONS as ECR } from '../registry/ecr.ts';
import { ACTIONS as BACKUPS } from '../database/backup-store.ts';
import { ACTIONS as OBJECTS } from '../objects.ts';
import { ACTIONS as FUNCTION_PROBER } from './lambda/prober.ts';
import { ACTIONS as FUNCTION_TRAFFIC } from './lambda/traffic.ts';
import { ACTIONS as METRICS } from './metrics.ts';
import { ACTIONS as PROBER } from './prober.ts';
import { ACTIONS as SECRETS } from './secrets.ts';
import { ACTIONS as SERVICES } from './services.ts';
import { ACTIONS as TASK_DEFINITION } from './task-definition.ts';
import { ACTIONS as TASK_LOGS } from './task-logs.ts';
import { ACTIONS as TASKS } from './tasks.ts';
import { ACTIONS as TRAFFIC } from './traffic.ts';

/** What Pulumi itself asks for where it keeps its state in a bucket. */
export const STATE_BACKEND = ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:ListBucket'] as const;

/** The IAM actions behind every port that has an adapter here: what the role of a release must allow, and no more. */
export const ACTIONS_BY_PORT = {
  traffic: TRAFFIC,
  prober: [...PROBER, ...SERVICES],
  metrics: METRICS,
  images: ECR,
  secrets: SECRETS,
  tasks: [...TASKS, ...TASK_DEFINITION, ...TASK_LOGS],
  objects: OBJECTS,
  /** Beside those of `objects`. */
  backups: BACKUPS,
  /** Where the services are functions, in the place of `traffic` and `prober`. */
  functions: [...FUNCTION_TRAFFIC, ...FUNCTION_PROBER],
} as const;
