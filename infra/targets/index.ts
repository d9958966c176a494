import type { App } from '../../config/types.ts';
import { ecs } from './ecs/index.ts';
import { hosts } from './hosts/index.ts';
import { lambda } from './lambda/index.ts';
import type { Target } from './target.ts';

const TARGETS: Readonly<Record<App['target']['kind'], Target>> = { ecs, hosts, lambda };

export const targetOf = ({ target }: Pick<App, 'target'>): Target => TARGETS[target.kind];
