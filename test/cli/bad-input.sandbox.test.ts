import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStack } from '../../cli/session/find.ts';
import { s3Objects } from '../../release/adapters/objects.ts';
import { s3Client } from '../../release/adapters/s3.ts';
import type { ObjectStore } from '../../release/ports/objects.ts';
import { Clone } from '../support/clone.ts';
import { jsonLines, type Told } from '../support/command-line.ts';
import { CommandWorld, type Look } from '../support/command-world.ts';

/** A person edits the stack files, names what is not there, or meets what somebody damaged. Version 1 is live. */
let clone: Clone;
let world: CommandWorld;
let before: Look;
beforeAll(async () => {
  clone = new Clone();
  world = await CommandWorld.open();
  before = await world.look();
});
afterAll(async () => {
  clone.remove();
  // Whatever was refused, no user noticed.
  expect((await world.close())?.failed).toBe(0);
});

const sluice = (...args: string[]): Promise<Told> => clone.sluice(...args, '--directory', world.directory);
const unchanged = async (): Promise<void> => expect(await world.look()).toEqual(before);
const APP = 'sluice:app';

/** One message, not a list of guesses or a stack trace. */
const expectOne = ({ code, err }: Told, exit: number): void => {
  expect(err.match(/^(error|bug):/gm)).toEqual(['error:']);
  expect(code).toBe(exit);
};

const DEFECTS: readonly (readonly [
  what: string,
  edits: Parameters<Clone['edit']>[0],
  lines: readonly string[],
])[] = [
  ['an unknown key', [[[APP, 'stagse'], []]], ['sluice:app: unknown key `stagse`; did you mean `stages`?']],
  [
    'percentages that fall, and one past 100',
    [
      [[APP, 'stages', 0, 'traffic'], '60 %'],
      [[APP, 'stages', 2, 'traffic'], '120 %'],
    ],
    [
      'sluice:app.stages[1].traffic: is not more than the stage before it (got "50 %"; allowed: more than 60 %, at most 100 %)',
      'sluice:app.stages[2].traffic: is more than all traffic (got "120 %"; allowed: at most 100 %)',
    ],
  ],
  [
    'a stage of zero length',
    [[[APP, 'stages', 0, 'bake'], '0 minutes']],
    [
      'sluice:app.stages[0].bake: a stage of zero length watches nothing (got "0 minutes"; allowed: more than 0; leave the stage out to skip it)',
    ],
  ],
  [
    'two services with one path',
    [[[APP, 'services', 'auth-service', 'path'], '/api/*']],
    [
      'sluice:app.services.auth-service.path: is the path of service `api-gateway` already (got "/api/*"; allowed: a path of its own, or one service for both)',
    ],
  ],
  [
    'names past the limits of AWS',
    [
      [[APP, 'application'], 'azora-of-the-whole-wide-world'],
      [[APP, 'services', `a${'b'.repeat(70)}`], { path: '/long/*', port: 3010 }],
    ],
    [
      'sluice:app.application: is longer than 20 characters (got "azora-of-the-whole-wide-world"; allowed: lower-case letters',
      'sluice:app.services',
    ],
  ],
  [
    'more services than a listener holds',
    Array.from({ length: 40 }, (_, i) => [
      [APP, 'services', `extra-${i}`],
      { path: `/extra-${i}/*`, port: 4000 + i },
    ]),
    ['sluice:app.services: 44 web services need 133 listener rules', 'the listener holds 100'],
  ],
];

describe('a stack file', () => {
  it.each(DEFECTS)(
    'with %s: exit 2, the place, the value and what is allowed',
    async (_what, edits, lines) => {
      clone.edit(edits);
      const told = await sluice('deploy', '--version', 'v2.0.0');
      expectOne(told, 2);
      expect(told.out).toBe('');
      for (const line of lines) expect(told.err).toContain(line);
    },
  );

  it('with a dozen defects: all of them at once, once each', async () => {
    clone.edit([...DEFECTS.flatMap(([, edits]) => edits), [[APP, 'health', 'retries'], 'five']]);
    const told = await sluice('plan', '--version', 'v2.0.0', '--json');
    expect(told).toMatchObject({ code: 2, out: '' });
    const [error, ...more] = jsonLines(told.err);
    expect(more).toEqual([]);
    const problems = error?.['problems'] as { path: string }[];
    for (const path of [
      'sluice:app',
      'sluice:app.application',
      'sluice:app.stages[0].bake',
      'sluice:app.stages[1].traffic',
      'sluice:app.stages[2].traffic',
      'sluice:app.services.auth-service.path',
      'sluice:app.health.retries',
    ])
      expect(problems.map((p) => p.path)).toContain(path);
    expect(new Set(problems.map((p) => JSON.stringify(p))).size).toBe(problems.length);
  });

  it('changes nothing', unchanged);
});

/** A release that the checks refuse: exit 3 with the reason and the way out, and nothing was begun. */
const expectRefused = async (told: Told, ...said: readonly string[]): Promise<void> => {
  expect(told.code).toBe(3);
  for (const text of said) expect(told.out).toContain(text);
  expect(told.err).not.toMatch(/backup begins|migrations run/);
  await unchanged();
};

describe('a release that cannot be', () => {
  it('a tag that does not exist', async () => {
    clone.edit([]);
    const told = await sluice('deploy', '--version', 'v9.9.9');
    await expectRefused(
      told,
      'refused: tag v9.9.9 does not exist\n  next: git tag v9.9.9 && git push origin v9.9.9',
    );
  });

  it('a secret that is missing, and one more thing: both are said', async () => {
    clone.edit([[[APP, 'secrets', 'EXTRA'], 'NO_SUCH_SECRET']]);
    const told = await sluice('deploy', '--version', 'v9.9.9');
    await expectRefused(told, 'secret NO_SUCH_SECRET (EXTRA) does not exist', 'tag v9.9.9 does not exist');
  });

  it('a configuration too large to pass: before the backup and the migration', async () => {
    clone.edit([[[APP, 'everyService', 'environment', 'HUGE'], 'x'.repeat(30_000)]]);
    const told = await sluice('deploy', '--version', 'v2.0.0');
    await expectRefused(told, 'sluice:release is too large to pass', 'allowed: at most 60.0 KiB', '  next: ');
    expect(told.out).toContain('slots.green.services.');
  });

  it('a digest that is none', async () => {
    const given = 'docker.io/azora/api-gateway@sha256:1234';
    clone.edit([[['sluice:images'], { 'api-gateway': given }]]);
    await expectRefused(
      await sluice('preview'),
      `sluice:images.api-gateway: is no image with a digest (got ${given}; allowed: name@sha256:<64 hex digits>)`,
    );
  });

  it('one that replaces another serial than the stack’s', async () => {
    const opened = await openStack({ stack: 'production', directory: world.directory });
    try {
      const { release } = before.outputs;
      if (release === undefined) throw new Error('no release');
      const stale = { ...release, serial: 99, replaces: 42 };
      await expect(opened.session.stack.up(stale, { onEvent: () => undefined })).rejects.toMatchObject({
        exit: 3,
        message: expect.stringContaining(
          `replaces serial 42, but stack production is at serial ${release.serial}`,
        ) as unknown,
        hint: expect.stringContaining(
          `jq -c '.replaces = ${release.serial} | .serial = ${release.serial + 1}' | pulumi config set sluice:release`,
        ) as unknown,
      });
    } finally {
      await opened.close();
    }
    await unchanged();
  });
});

const ID = '1700000000-0123456789ab';

/** Puts text where sluice keeps its own, and takes it away again. */
const damaged = async (store: ObjectStore, objects: Record<string, string>, work: () => Promise<void>) => {
  for (const [key, body] of Object.entries(objects)) await store.put(key, body);
  try {
    await work();
  } finally {
    for (const key of Object.keys(objects)) await store.delete(key);
  }
  await unchanged();
};

const bucket = (name: 'lease' | 'record'): ObjectStore =>
  s3Objects(before.outputs.buckets[name], s3Client(world.sandbox.environment()));

describe('what somebody damaged', () => {
  it('a journal: named by status and by whoever would change something', async () => {
    clone.edit([]);
    const key = `journals/production/${ID}.json`;
    await damaged(bucket('lease'), { [`open/production/${ID}`]: '', [key]: '{"format":1,' }, async () => {
      const said = `journal ${key} is damaged; nothing was changed\n  next: see what is live (sluice reconcile`;
      for (const args of [['status'], ['deploy', '--resume']]) {
        const told = await sluice(...args);
        expectOne(told, 3);
        expect(told.err).toContain(said);
      }
      for (const args of [
        ['deploy', '--version', 'v2.0.0'],
        ['rollback', '--reason', 'service outage'],
      ]) {
        const told = await sluice(...args);
        expect({ args, code: told.code }).toEqual({ args, code: 3 });
        expect(told.out).toContain(`refused: ${said}`);
      }
      // What the hint names works.
      expect(await sluice('reconcile')).toMatchObject({ code: 0 });
      expect(await sluice('history')).toMatchObject({ code: 0 });
    });
  });

  it('a record: named by whoever reads it', async () => {
    const key = `records/production/${ID}.json`;
    for (const [text, why] of [
      ['{"format":1,', 'is damaged: it is not JSON'],
      ['{"format":1}', 'is damaged: '],
      ['{"format":7}', 'has format 7; this sluice reads 0, 1'],
    ] as const)
      await damaged(bucket('record'), { [key]: text }, async () => {
        const told = await sluice('history');
        expectOne(told, 3);
        expect(told.err).toContain(`record ${key} ${why}`);
        expect(told.err).toContain('\n  next: ');
      });
    await damaged(bucket('record'), { [key]: 'x' }, async () => {
      expectOne(await sluice('status'), 3);
      const told = await sluice('rollback', '--reason', 'service outage');
      expect(told.code).toBe(3);
      expect(told.out).toContain(`refused: record ${key} is damaged: it is not JSON`);
    });
  });
});

describe('two at a time', () => {
  it('a second release while one runs is refused, and says who runs it where', async () => {
    const first = world.deploy('v2.0.0', '--on-interrupt', 'rollback');
    await first.baking();
    const second = await sluice('deploy', '--version', 'v2.0.0');
    expect(second.code).toBe(3);
    expect(second.out).toMatch(/refused: .*v2\.0\.0.*stage canary/);
    expect(second.out).toContain('\n  next: ');
    // The first one did not notice.
    expect(first.child.exitCode).toBe(null);
    expect((await world.look()).open.map((s) => s.phase.name)).toEqual(['stage']);
    await world.say('abort');
    expect(await first.exited).toBe(4);
    expect((await world.look()).live).toEqual(before.live);
  });

  it('a second cloud in the same folder is refused; beside it, it takes other ports', async () => {
    const told = await sluice('sandbox', 'up');
    expectOne(told, 3);
    expect(told.err).toContain(`the local cloud is up already (${world.sandbox.url})`);
    expect(told.err).toContain('sluice sandbox down');

    // No part of it asks for a fixed port: there is none that could be in use.
    const other = await CommandWorld.empty();
    try {
      expect(other.sandbox.url).not.toBe(world.sandbox.url);
      expect(other.sandbox.s3).not.toBe(world.sandbox.s3);
      const { code, running } = await other.run('status');
      expect(code).toBe(3);
      expect(running.told()).toContain('was never updated');
      expect((await world.run('status')).code).toBe(0);
    } finally {
      await other.close();
    }
  });
});

describe('--json', () => {
  it('is one object a line, whatever the command', async () => {
    for (const args of [
      ['plan', '--version', 'v2.0.0'],
      ['history'],
      ['status'],
      ['backup', 'list'],
      ['reconcile'],
    ]) {
      const told = await sluice(...args, '--json');
      expect({ args, code: told.code, err: told.err }).toEqual({ args, code: 0, err: '' });
      const lines = jsonLines(told.out);
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) expect(line).toMatchObject({ type: expect.any(String) as unknown });
    }
  });
});
