import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterEach, expect, test } from 'vitest';
import type { Notification } from '../../../../config/types.ts';
import { redactor } from '../../../../lib/redact.ts';
import { mailboxOf } from '../../../../release/adapters/messages/email.ts';
import { messageSender, type MessageOptions } from '../../../../release/adapters/messages/index.ts';
import type { Message } from '../../../../release/ports/supply.ts';

interface Got {
  readonly path: string;
  readonly body: unknown;
}

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** A receiver on loopback; `answers` are given in turn, the last one from then on. */
const receiver = async (
  ...answers: readonly (readonly [status: number, body: string] | 'silence')[]
): Promise<{ readonly url: string; readonly got: Got[] }> => {
  const got: Got[] = [];
  const server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      got.push({ path: request.url ?? '', body: JSON.parse(text) });
      const answer = answers[Math.min(got.length, answers.length) - 1] ?? [200, '{"ok":true}'];
      if (answer === 'silence') return;
      response.writeHead(answer[0]).end(answer[1]);
    });
  });
  open.push({ close: () => (server.closeAllConnections(), server.close()) });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, got };
};

const to = (channel: Notification['to'], secret: string, more: Partial<Notification> = {}): Notification => ({
  to: channel,
  secret,
  on: ['approval', 'success', 'failure', 'rolled_back'],
  channel: undefined,
  ...more,
});

const MESSAGE: Message = {
  event: 'failure',
  title: '🚨 Production deployment FAILED',
  text: 'Failed: stage canary: errors <5 %\nACTION REQUIRED: see the failure report',
  link: 'https://github.com/azora/azora/actions/runs/7',
  facts: { Version: 'v1.2.3', 'Deployment ID': '1700000000-abcdef123456', Environment: 'production' },
  about: 'azora production',
  urgent: true,
};

const sending = (
  notifications: readonly Notification[],
  values: Readonly<Record<string, string>>,
  more: Partial<MessageOptions> = {},
): ReturnType<typeof messageSender> =>
  messageSender(notifications, {
    secrets: {
      describe: (name) => Promise.resolve(name in values ? { arn: name, version: '1' } : undefined),
      read: ({ arn }) => Promise.resolve(values[arn] ?? ''),
    },
    names: {},
    environment: {},
    hidden: redactor(),
    firstWaitMs: 1,
    ...more,
  });

test('Slack gets the title, the colour of what happened, the facts as fields and the link', async () => {
  const { url, got } = await receiver();
  const sent = await sending([to('slack', 'SLACK_WEBHOOK', { channel: '#alerts-deployment' })], {
    SLACK_WEBHOOK: `${url}/services/T0/B0/x`,
  }).send(MESSAGE);
  expect(sent).toEqual([{ to: 'slack #alerts-deployment', sent: true }]);
  expect(got).toMatchObject([
    {
      path: '/services/T0/B0/x',
      body: {
        text: MESSAGE.title,
        channel: '#alerts-deployment',
        attachments: [
          {
            color: '#cf222e',
            text: expect.stringContaining('errors &lt;5 %') as string,
            fields: [{ title: 'Version', value: 'v1.2.3', short: true }, {}, {}],
            actions: [{ type: 'button', url: MESSAGE.link }],
          },
        ],
      },
    },
  ]);
});

test('Telegram gets the text into the chat that a secret names, and its refusal is told', async () => {
  const { url, got } = await receiver(
    [200, '{"ok":true}'],
    [200, '{"ok":false,"description":"chat not found"}'],
  );
  const values = { TELEGRAM_BOT_TOKEN: `${url}/bot123:abc`, TELEGRAM_LOG_CHAT_ID: '-100200' };
  const messages = sending(
    [to('telegram', 'TELEGRAM_BOT_TOKEN', { channel: 'TELEGRAM_LOG_CHAT_ID' })],
    values,
  );
  expect(await messages.send(MESSAGE)).toEqual([{ to: 'telegram', sent: true }]);
  expect(got[0]).toMatchObject({
    path: '/bot123:abc/sendMessage',
    body: { chat_id: '-100200', text: expect.stringMatching(/^🚨 Production.*actions\/runs\/7$/s) as string },
  });
  expect(await messages.send(MESSAGE)).toEqual([{ to: 'telegram', sent: false, reason: 'chat not found' }]);
});

test('PagerDuty opens an incident of the environment at a failure and closes it at the next success', async () => {
  const { url, got } = await receiver([202, '{}']);
  const messages = sending([to('pagerduty', 'PAGERDUTY_ROUTING_KEY')], {
    PAGERDUTY_ROUTING_KEY: `${url}#R0UT1NG`,
  });
  await messages.send(MESSAGE);
  await messages.send({ ...MESSAGE, event: 'success', urgent: false });
  expect(got.map((g) => g.path)).toEqual(['/v2/enqueue', '/v2/enqueue']);
  expect(got.map((g) => g.body)).toMatchObject([
    {
      routing_key: 'R0UT1NG',
      event_action: 'trigger',
      dedup_key: 'sluice azora production',
      payload: { summary: MESSAGE.title, severity: 'critical', custom_details: { Version: 'v1.2.3' } },
      links: [{ href: MESSAGE.link }],
    },
    { event_action: 'resolve', dedup_key: 'sluice azora production' },
  ]);
});

test('Teams gets an adaptive card, another webhook the message as it is', async () => {
  const { url, got } = await receiver([202, '']);
  await sending([to('teams', 'TEAMS_WEBHOOK'), to('webhook', 'WEBHOOK_URL')], {
    TEAMS_WEBHOOK: `${url}/teams`,
    WEBHOOK_URL: `${url}/any`,
  }).send(MESSAGE);
  const at = (path: string): unknown => got.find((g) => g.path === path)?.body;
  expect(at('/teams')).toMatchObject({
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          type: 'AdaptiveCard',
          body: [
            { style: 'attention', items: [{ text: MESSAGE.title }] },
            { type: 'FactSet', facts: [{ title: 'Version', value: 'v1.2.3' }, {}, {}] },
            {},
          ],
          actions: [{ type: 'Action.OpenUrl', url: MESSAGE.link }],
        },
      },
    ],
  });
  expect(at('/any')).toEqual(MESSAGE);
});

test('mail goes through an SMTP server that wants a user and a password, to every recipient', async () => {
  const mails: { from: string; to: string[]; text: string }[] = [];
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      username === 'releases@azora.example' && password === 'p@ss'
        ? done(null, { user: username })
        : done(new Error('wrong password')),
    onData: (stream, { envelope }, done) => {
      let text = '';
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        mails.push({ from, to: envelope.rcptTo.map((r) => r.address), text });
        done();
      });
    },
  });
  server.on('error', () => undefined);
  open.push({ close: () => server.close() });
  const { port } = await new Promise<AddressInfo>((resolve) => {
    const listening = server.listen(0, '127.0.0.1', () => resolve(listening.address() as AddressInfo));
  });
  const mail = (password: string): Promise<readonly unknown[]> =>
    sending(
      [to('email', 'EMAIL_USERNAME', { channel: 'team-lead@azora.example, devops@azora.example' })],
      { EMAIL_USERNAME: `smtp://releases%40azora.example:${password}@127.0.0.1:${port}` },
      { timeoutMs: 2_000 },
    ).send(MESSAGE);
  expect(await mail('p%40ss')).toMatchObject([{ sent: true }]);
  expect(mails).toMatchObject([
    { from: 'releases@azora.example', to: ['team-lead@azora.example', 'devops@azora.example'] },
  ]);
  expect(mails[0]?.text).toMatch(/^X-Sluice-Event: failure\r$/m);
  expect(mails[0]?.text).toMatch(/^Subject: =\?UTF-8\?.*/m);
  const [refused] = await mail('wr0ngpassword');
  expect(refused).toMatchObject({ sent: false, reason: expect.stringContaining('wrong password') as string });
  expect(JSON.stringify(refused)).not.toContain('wr0ngpassword');
});

test('a plain user name means the server that the documents name, with its password beside it', () => {
  const destination = { address: 'me@gmail.com', channel: undefined };
  expect(mailboxOf(destination, 'app pass')).toEqual({
    url: 'smtps://me%40gmail.com:app%20pass@smtp.gmail.com:465',
    from: 'me@gmail.com',
    to: ['me@gmail.com'],
  });
  expect(() => mailboxOf(destination, undefined)).toThrow(/EMAIL_PASSWORD/);
  expect(() => mailboxOf({ address: 'http://mail', channel: 'a@b' }, undefined)).toThrow(/smtps:/);
});

test('a channel gets the kinds it asked for and no other', async () => {
  const { url, got } = await receiver();
  const some = [to('slack', 'A', { on: ['success'] }), to('webhook', 'A', { on: ['failure', 'approval'] })];
  const messages = sending(some, { A: url });
  expect((await messages.send(MESSAGE)).map((s) => s.to)).toEqual(['webhook']);
  expect((await messages.send({ ...MESSAGE, event: 'success' })).map((s) => s.to)).toEqual(['slack']);
  expect(await messages.send({ ...MESSAGE, event: 'rolled_back' })).toEqual([]);
  expect(got).toHaveLength(2);
});

test('an overloaded receiver is asked again; a refusal, a missing address and silence are told and never thrown', async () => {
  const busy = await receiver([503, ''], [429, ''], [200, 'ok']);
  const no = await receiver([404, 'no_team']);
  const mute = await receiver('silence');
  const messages = sending(
    [to('slack', 'BUSY'), to('slack', 'NO'), to('teams', 'ABSENT')],
    { BUSY: busy.url, NO: `${no.url}/services/T1/secretpath` },
    { timeoutMs: 5_000, deadlineMs: 15_000 },
  );
  expect(await messages.send(MESSAGE)).toEqual([
    { to: 'slack', sent: true },
    { to: 'slack', sent: false, reason: 'answered 404: no_team' },
    {
      to: 'teams',
      sent: false,
      reason: 'ABSENT holds no address: neither a secret nor a variable of that name',
    },
  ]);
  expect(busy.got).toHaveLength(3);
  expect(no.got).toHaveLength(1);
  const waiting = sending([to('webhook', 'MUTE')], { MUTE: mute.url }, { timeoutMs: 5_000, deadlineMs: 200 });
  expect(await waiting.send(MESSAGE)).toEqual([
    { to: 'webhook', sent: false, reason: 'not sent within 0.2 s' },
  ]);
});

test('what is secret leaves neither in a message nor in the reason of a failure', async () => {
  const { url, got } = await receiver([400, 'cannot post to /services/T1/secretpath']);
  const hidden = redactor(['hunter22']);
  const [answer] = await sending([to('slack', 'S')], { S: `${url}/services/T1/secretpath` }, { hidden }).send(
    {
      ...MESSAGE,
      text: 'could not log in as app with hunter22',
      facts: { Why: 'hunter22' },
    },
  );
  expect(answer?.reason).toBe('answered 400: cannot post to /***');
  expect(JSON.stringify(got)).not.toContain('hunter22');
});
