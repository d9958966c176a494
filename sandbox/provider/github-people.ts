import type { Props } from './contract.ts';
import { text } from './values.ts';

/** Whom the sandbox's GitHub knows; anybody else does not exist. Login or slug → number. */
export const USERS: Readonly<Record<string, number>> = {
  octocat: 583231,
  alice: 10001,
  bob: 10002,
  carol: 10003,
  dave: 10004,
  erin: 10005,
  frank: 10006,
  grace: 10007,
};
export const TEAMS: Readonly<Record<string, number>> = { platform: 4711, release: 4712, security: 4713 };

const found = (table: Readonly<Record<string, number>>, name: string): number | undefined =>
  Object.hasOwn(table, name.toLowerCase()) ? table[name.toLowerCase()] : undefined;

/** Data sources of the GitHub provider: a text is why there is no answer. */
export const GITHUB_INVOKES: Readonly<Record<string, (args: Props) => Props | string>> = {
  'github:index/getUser:getUser': (args) => {
    const username = text(args, 'username') ?? '';
    const id = found(USERS, username);
    return id === undefined
      ? `GET https://api.github.com/users/${username}: 404 Not Found`
      : { id: String(id), username, login: username.toLowerCase(), nodeId: `U_${id}` };
  },
  'github:index/getTeam:getTeam': (args) => {
    const slug = text(args, 'slug') ?? '';
    const id = found(TEAMS, slug);
    return id === undefined
      ? `could not find team ${slug}: 404 Not Found`
      : { ...args, id: String(id), slug, name: slug, nodeId: `T_${id}`, members: [], privacy: 'closed' };
  },
};
