import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HIDDEN, isSecretKey, redactor, redactText, redactValue } from '../../lib/redact.ts';

// Put together at run time, so that no secret scanner takes these for real ones.
const githubToken = ['ghp', 'a1B2'.repeat(9)].join('_');
const slackHook = ['https://hooks.slack.com/services', 'T000', 'B000', 'x'.repeat(24)].join('/');

describe('keys under which secrets are kept', () => {
  it.each([
    'DATABASE_URL',
    'databaseUrl',
    'PRODUCTION_JWT_SECRET',
    'password',
    'DOCKER_PASSWORD',
    'TELEGRAM_BOT_TOKEN',
    'STAGING_SSH_KEY',
    'PROD_KEY',
    'apiKey',
    'STRIPE_API_KEY',
    'SLACK_WEBHOOK',
    'secrets',
    'Authorization',
  ])('%s is one', (key) => {
    expect(isSecretKey(key)).toBe(true);
  });

  it.each([
    'key',
    'API_BASE_URL',
    'FRONTEND_URL',
    'STRIPE_PUBLIC_KEY',
    'auth-service',
    'NODE_ENV',
    'path',
    'author',
  ])('%s is none', (key) => {
    expect(isSecretKey(key)).toBe(false);
  });
});

describe('text without secrets', () => {
  it.each([
    ['postgres://azora:hunter2@db:5432/azora', `postgres://${HIDDEN}@db:5432/azora`],
    ['postgres://azora:p@ss:w@rd@db/azora', `postgres://${HIDDEN}@db/azora`],
    [slackHook, `https://hooks.slack.com/services/${HIDDEN}`],
    ['Authorization: Bearer abcdefghijkl', `Authorization: Bearer ${HIDDEN}`],
    [`token ${githubToken}.`, `token ${HIDDEN}.`],
    ['PGPASSWORD=x1 DB_PASSWORD=hunter2 psql', `PGPASSWORD=${HIDDEN} DB_PASSWORD=${HIDDEN} psql`],
    ['amqp://azora:pa/55@mq', `amqp://${HIDDEN}@mq`],
    ['{"authorization":"Basic YTpi"}', `{"authorization":"Basic ${HIDDEN}"}`],
  ])('%s', (text, safe) => {
    expect(redactText(text)).toBe(safe);
  });

  it('leaves ordinary text and addresses as they are', () => {
    const text =
      'GET https://azora.world/api/health?x=1 200; http://127.0.0.1:4873/@azora/x; basic authentication; a@b.example';
    expect(redactText(text)).toBe(text);
  });

  it('hides known values in every form they are met in', () => {
    const secret = 'a b"c/ü\n2nd line of the secret';
    for (const form of [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret),
      Buffer.from(secret).toString('base64'),
      '2nd line of the secret',
    ]) {
      const shown = redactText(`before ${form} after`, [secret]);
      expect(shown).toContain(HIDDEN);
      expect(shown).not.toContain('2nd line');
    }
  });

  it('hides a secret that contains another one as a whole', () => {
    expect(redactText('abcdefgh', ['cdef', 'abcdefgh'])).toBe(HIDDEN);
  });

  it('leaves no known value behind, whatever stands around it', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.stringMatching(/^[a-z0-9]{8,20}$/),
        fc.string(),
        (before, secret, after) => {
          expect(redactText(before + secret + after, [secret])).not.toContain(secret);
        },
      ),
    );
  });

  it('does not take a single digit for a secret', () => {
    expect(redactText('1 of 10', ['1', ''])).toBe('1 of 10');
  });
});

describe('data without secrets', () => {
  it('hides values under secret keys and inside texts, and keeps the rest', () => {
    expect(
      redactValue({
        version: 'v1.2.3',
        password: 'hunter2',
        nested: [{ DATABASE_URL: 'postgres://a:b@c/d', port: 5432, empty: null }],
        log: 'connecting to postgres://a:b@c/d',
      }),
    ).toEqual({
      version: 'v1.2.3',
      password: HIDDEN,
      nested: [{ DATABASE_URL: HIDDEN, port: 5432, empty: null }],
      log: `connecting to postgres://${HIDDEN}@c/d`,
    });
  });

  it('learns secrets while a release runs', () => {
    const hide = redactor();
    expect(hide.text('opensesame')).toBe('opensesame');
    hide.add('opensesame');
    expect(hide.text('opensesame')).toBe(HIDDEN);
    expect(hide.value({ line: ['opensesame'] })).toEqual({ line: [HIDDEN] });
  });
});
