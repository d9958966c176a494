import type { App } from '../../config/types.ts';
import { refused } from '../../lib/errors.ts';
import { ecs } from './ecs/index.ts';
import { hosts } from './hosts/index.ts';
import type { Target } from './target.ts';

const TARGETS: { readonly [K in App['target']['kind']]?: Target } = { ecs, hosts };

export const targetOf = ({ target }: Pick<App, 'target'>): Target => {
  const found = TARGETS[target.kind];
  if (found === undefined) throw refused(`the program does not declare ${target.kind} yet`);
  return found;
};
