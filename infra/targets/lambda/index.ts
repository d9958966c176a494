import type { Target } from '../target.ts';
import { findArtifacts } from './artifacts.ts';
import { declareFunctions } from './declare.ts';
import { readLiveAliases } from './live.ts';

/** Functions of AWS Lambda: a slot is a published version, the alias shares traffic out. */
export const lambda: Target = {
  carries: ['functions'],
  live: readLiveAliases,
  artifacts: findArtifacts,
  declare: declareFunctions,
};
