import { secretsOf } from '../../config/hosts/compose.ts';
import type { Host, HostsApp } from '../../config/hosts/types.ts';
import { messageOf } from '../../lib/errors.ts';
import { overSsh } from '../../release/adapters/hosts/ssh.ts';
import type { Check, Seen } from './check.ts';

/** One call asks everything: a handshake costs more than the questions. Each line is `name<TAB>answer`. */
const questions = (app: HostsApp): string => {
  const { path, envFile, manifest } = app.target;
  const names = Object.keys(secretsOf(app)).join(' ');
  return [
    `cd "${path}" 2>/dev/null || { printf 'folder\\tmissing\\n'; exit 0; }`,
    `id=$(sed -n 1p state/current 2>/dev/null)`,
    `dir="${path}/releases/$id"`,
    `printf 'docker\\t%s\\n' "$(docker info >/dev/null 2>&1 && docker compose version 2>&1 | sed -n 1p)"`,
    `printf 'disk\\t%s\\n' "$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')"`,
    `printf 'manifest\\t%s\\n' "$(tr -d '\\n' <"${manifest}" 2>/dev/null)"`,
    `printf 'current\\t%s\\n' "$id"`,
    `empty=; if [ -r "${envFile}" ]; then for n in ${names}; do grep -q "^$n=..*" "${envFile}" || empty="$empty $n"; done; printf 'env\\t%s\\n' "without:$empty"; fi`,
    `printf 'mode\\t%s\\n' "$(ls -l "${envFile}" 2>/dev/null | cut -c1-10)"`,
    `for part in $(sed -n 's/^parts=//p' "$dir/plan" 2>/dev/null); do`,
    `  compose() { docker compose --env-file "$dir/settings.env" --env-file "$dir/secrets.env" -f "$dir/compose.$part.yaml" "$@"; }`,
    `  printf 'compose\\t%s\\n' "$(compose config --quiet 2>&1 && echo valid)"`,
    `  printf 'containers\\t%s\\n' "$(docker ps -a --filter "label=com.docker.compose.project=$(sed -n "s/^project_$part=//p" "$dir/plan")" --format '{{.Label "com.docker.compose.service"}} {{.Status}}' | tr '\\n' ';')"`,
    `done`,
  ].join('\n');
};

type Answers = ReadonlyMap<string, string>;

const ask = async (app: HostsApp, host: Host, signal: AbortSignal): Promise<Answers> => {
  const privateKey = process.env[host.key] ?? '';
  if (privateKey === '') throw new Error(`${host.key} is not set in the environment`);
  const { address, port, user, hostKey } = host;
  const connection = { host: address, port, user, hostKey, privateKey, timeoutMs: app.target.checks.timeout };
  const { stdout } = await overSsh(connection, { command: 'sh', stdin: questions(app), signal });
  const rows = stdout.split('\n').map((line) => line.split('\t') as [string, string?]);
  const answers = new Map(rows.map(([name, answer = '']) => [name, answer]));
  if (answers.has('folder')) throw new Error(`${app.target.path} is not there`);
  return answers;
};

const parsed = (text: string | undefined): Record<string, unknown> => {
  try {
    return JSON.parse(text ?? '') as Record<string, unknown>;
  } catch {
    return {};
  }
};

const looks: readonly (Omit<Check, 'run' | 'expected'> & {
  readonly expected: (app: HostsApp) => string;
  readonly look: (answers: Answers, app: HostsApp) => Seen;
})[] = [
  {
    name: 'docker',
    expected: () => 'docker answers, with its compose plugin',
    mend: 'systemctl status docker; apt install docker-compose-plugin',
    look: (a) => ({ ok: (a.get('docker') ?? '') !== '', seen: a.get('docker') || 'no answer' }),
  },
  {
    name: 'disk',
    expected: (app) => `at least ${app.target.diskFree} MiB free below ${app.target.path}`,
    mend: 'docker image prune --all --filter until=240h',
    look: (a, app) => ({
      ok: Number(a.get('disk')) >= app.target.diskFree,
      seen: `${a.get('disk') ?? '?'} MiB free`,
    }),
  },
  {
    name: 'compose file',
    expected: () => 'docker compose config accepts the file of the release that runs',
    mend: 'deploy again: it is rendered and checked anew',
    look: (a) => ({ ok: a.get('compose') === 'valid', seen: a.get('compose') || 'there is none' }),
  },
  {
    name: 'env file',
    expected: (app) => `${app.target.envFile} has a value for every secret, and only its owner reads it`,
    mend: 'copy the env example there (sluice hosts env-example), fill in what is empty, chmod 600',
    look: (a, app) => {
      if (!a.has('env')) return { ok: false, seen: `${app.target.envFile} is missing` };
      const empty = (a.get('env') ?? '').replace('without:', '').trim();
      const open = !/^-rw?-------/.test(a.get('mode') ?? '');
      const wrong = [
        ...(empty === '' ? [] : [`no value for ${empty}`]),
        ...(open ? [`mode ${a.get('mode') ?? '?'}`] : []),
      ];
      return { ok: wrong.length === 0, seen: wrong.length === 0 ? 'complete' : wrong.join('; ') };
    },
  },
  {
    name: 'manifest',
    expected: (app) =>
      `${app.target.manifest} names the release that runs, of this application and environment`,
    mend: 'deploy again; until then nobody can say what runs there',
    look: (a, app) => {
      const { application, environment, version, deployment } = parsed(a.get('manifest'));
      const own = application === app.application && environment === app.environment;
      return {
        ok: own && deployment === a.get('current'),
        seen:
          version === undefined
            ? 'there is none'
            : [version, deployment].map((v) => JSON.stringify(v)).join(', deployment '),
      };
    },
  },
  {
    name: 'containers',
    expected: () => 'every container is up, and healthy where it has a check',
    mend: 'docker compose logs <service>, on the host',
    look: (a) => {
      const all = (a.get('containers') ?? '').split(';').filter((c) => c !== '');
      const ill = all.filter((c) => !/ Up /.test(c) || /unhealthy|starting/.test(c));
      return {
        ok: all.length > 0 && ill.length === 0,
        seen: ill.length > 0 ? ill.join('; ') : `${all.length} are`,
      };
    },
  },
];

/** What stands on the machines, asked over SSH; machines beyond the first have their name in front. */
export const machineChecks = (app: HostsApp): readonly Check[] =>
  Object.entries(app.target.machines).flatMap(([machine, host], i) => {
    let answers: Promise<Answers> | undefined;
    return looks.map(({ name, expected, mend, look }) => ({
      name: i === 0 ? name : `${machine}: ${name}`,
      expected: expected(app),
      mend,
      run: async (signal: AbortSignal) => {
        answers ??= ask(app, host, signal).catch((error: unknown) => {
          throw new Error(messageOf(error), { cause: error });
        });
        return look(await answers, app);
      },
    }));
  });
