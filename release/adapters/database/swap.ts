import { type Client, escapeIdentifier, escapeLiteral } from 'pg';
import { EXIT, ExpectedError, messageOf } from '../../../lib/errors.ts';
import { rows } from './session.ts';

/** Whether a database of this name is on the server. */
export const databaseExists = async (client: Client, name: string): Promise<boolean> =>
  (await rows(client, 'SELECT 1 FROM pg_database WHERE datname = $1', [name])).length > 0;

/**
 * What belongs to a database and is in no dump of it: owner, who may connect, settings for everybody and for single
 * roles. Given to a fresh copy. `client`: connected to any other database of the server.
 */
export const copyDatabaseSettings = async (client: Client, from: string, to: string): Promise<void> => {
  const name = escapeIdentifier(to);
  const [owner] = await rows<{ owner: string }>(
    client,
    'SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = $1',
    [from],
  );
  const settings = await rows<{ role: string | null; name: string; value: string }>(
    client,
    `SELECT CASE s.setrole WHEN 0 THEN NULL ELSE pg_get_userbyid(s.setrole) END AS role,
            split_part(c, '=', 1) AS name, substr(c, strpos(c, '=') + 1) AS value
     FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) AS c
     WHERE d.datname = $1`,
    [from],
  );
  const grants = await rows<{ grantee: string | null; privilege: string; grantable: boolean }>(
    client,
    `SELECT CASE a.grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(a.grantee) END AS grantee,
            a.privilege_type AS privilege, a.is_grantable AS grantable
     FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
     WHERE d.datname = $1 AND a.grantee <> d.datdba`,
    [from],
  );
  for (const s of settings) {
    const target =
      s.role === null ? `DATABASE ${name}` : `ROLE ${escapeIdentifier(s.role)} IN DATABASE ${name}`;
    await client.query(`ALTER ${target} SET ${escapeIdentifier(s.name)} TO ${settingValue(s.name, s.value)}`);
  }
  await client.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
  for (const g of grants) {
    const grantee = g.grantee === null ? 'PUBLIC' : escapeIdentifier(g.grantee);
    await client.query(
      `GRANT ${g.privilege} ON DATABASE ${name} TO ${grantee}${g.grantable ? ' WITH GRANT OPTION' : ''}`,
    );
  }
  // Last: whoever gives a database away may not be allowed to change it afterwards.
  if (owner !== undefined)
    await client.query(`ALTER DATABASE ${name} OWNER TO ${escapeIdentifier(owner.owner)}`);
};

/** Settings that are lists of names; as one literal they would be one name with commas in it. */
const LISTS = new Set([
  'search_path',
  'temp_tablespaces',
  'session_preload_libraries',
  'local_preload_libraries',
  'datestyle',
]);
const settingValue = (name: string, value: string): string =>
  LISTS.has(name.toLowerCase()) && value !== '' ? value : escapeLiteral(value);

/**
 * Puts `fresh` in the place of `name`, which is kept as `kept`, in one transaction. Sessions of `name` are ended: they
 * would write into what is no longer theirs. `client`: connected to another database of the server.
 */
export const swapDatabases = async (
  client: Client,
  names: { readonly name: string; readonly fresh: string; readonly kept: string },
): Promise<void> => {
  const [name, fresh, kept] = [names.name, names.fresh, names.kept].map(escapeIdentifier);
  const allow = (database: string | undefined, yes: boolean): Promise<unknown> =>
    client.query(`ALTER DATABASE ${database} WITH ALLOW_CONNECTIONS ${String(yes)}`);
  const there = await databaseExists(client, names.name);
  if (!there) {
    await client.query(`ALTER DATABASE ${fresh} RENAME TO ${name}`);
    return;
  }
  await allow(name, false);
  try {
    await endSessions(client, names.name);
    await client.query('BEGIN');
    await client.query(`ALTER DATABASE ${name} RENAME TO ${kept}`);
    await client.query(`ALTER DATABASE ${fresh} RENAME TO ${name}`);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    await allow(name, true);
    throw new ExpectedError(`the restored database could not be put in place: ${messageOf(error)}`, {
      exit: EXIT.personNeeded,
      hint: 'the database is as it was; end its sessions (or let the user do it: GRANT pg_signal_backend) and try again',
      cause: error,
    });
  }
  await allow(kept, true);
};

const TRIES = 50;

/** Ends all sessions of a database and waits until they are gone. */
const endSessions = async (client: Client, name: string): Promise<void> => {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const left = await rows(
      client,
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()',
      [name],
    );
    if (left.length === 0) return;
    await client.query('SELECT pg_sleep(0.1)');
  }
  throw new Error(`sessions of ${name} do not end`);
};
