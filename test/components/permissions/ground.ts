import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseApp } from '../../../config/app.ts';
import { parseGithub } from '../../../config/github.ts';
import type { Deployed, Github } from '../../../config/github.types.ts';
import { parseStackFile } from '../../../config/stack-file.ts';
import type { App } from '../../../config/types.ts';
import { planRoles, type RolesPlan } from '../../../components/deployment-roles.plan.ts';
import type { JobKind } from '../../../config/github.ts';
import type { Policy } from './evaluate.ts';

type Props = Record<string, unknown>;
const ROOT = join(import.meta.dirname, '../../..');
const configOf = (stack: string, folder = ROOT) =>
  parseStackFile(readFileSync(join(folder, `Pulumi.${stack}.yaml`), 'utf8'), 'sluice').config;

export const REGION = 'eu-west-1';
export const ACCOUNT = '123456789012';

export interface World {
  readonly github: Github;
  readonly apps: Readonly<Record<Deployed, App>>;
  readonly plan: RolesPlan;
}

/** Azora's own settings, with something else here and there; `example`: another application's stacks. */
export const world = (
  editApp: (app: Props) => void = () => undefined,
  editGithub: (g: Props) => void = () => undefined,
  example?: string,
): World => {
  const githubProps = JSON.parse(configOf('foundation')['sluice:github'] ?? '') as Props;
  editGithub(githubProps);
  const github = parseGithub(githubProps);
  const appOf = (stack: Deployed): App => {
    const folder = example === undefined ? ROOT : join(ROOT, 'examples', example);
    const app = JSON.parse(configOf(stack, folder)['sluice:app'] ?? '') as Props;
    editApp(app);
    return parseApp(app, { stack });
  };
  const apps = { staging: appOf('staging'), production: appOf('production') };
  return { github, apps, plan: planRoles({ github, apps, region: REGION, project: 'sluice' }) };
};

/** Everything a role may do: its own policy and those it has with others. */
export const policiesOf = ({ plan }: World, deployed: Deployed, kind: JobKind): Policy[] => {
  const role = plan.roles.find((r) => r.deployed === deployed && r.kind === kind);
  if (role === undefined) throw new Error(`no role for ${kind} in ${deployed}`);
  const shared = plan.policies.filter((p) => role.attached.includes(p.name));
  return [role.policy, ...shared.map((p) => p.policy)].map((text) => JSON.parse(text) as Policy);
};
