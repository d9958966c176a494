import type { Notification } from '../../../config/types.ts';
import { messageOf } from '../../../lib/errors.ts';
import type { Redactor } from '../../../lib/redact.ts';
import type { Message, Messages, Secrets } from '../../ports/supply.ts';
import { Passing, request, retrying } from '../retry.ts';
import { mailboxOf, sendMail } from './email.ts';
import { pagerDutyPost } from './pagerduty.ts';
import type { Destination, Post } from './render.ts';
import { slackPost } from './slack.ts';
import { teamsPost } from './teams.ts';
import { telegramPost } from './telegram.ts';
import { webhookPost } from './webhook.ts';

export interface MessageOptions {
  readonly secrets: Secrets;
  /** Name in configuration → name of the secret (`sluice:app.secrets`). */
  readonly names: Readonly<Record<string, string>>;
  /** Where a name that is no secret is looked up: an address may come from the environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Learns every address; takes secrets out of what is sent. */
  readonly hidden: Redactor;
  /** For one try, ms; default 5 s. */
  readonly timeoutMs?: number;
  /** For all tries of a channel, ms; default 15 s. */
  readonly deadlineMs?: number;
  /** Wait before the second try, ms. */
  readonly firstWaitMs?: number;
}

const TRIES = 3;
const TRY_MS = 5_000;
const DEADLINE_MS = 15_000;
/** Password beside a mail user, as the documents name it. */
const MAIL_PASSWORD = 'EMAIL_PASSWORD';

const POSTS: Readonly<
  Record<Exclude<Notification['to'], 'email'>, (message: Message, to: Destination) => Post>
> = {
  slack: slackPost,
  telegram: telegramPost,
  pagerduty: pagerDutyPost,
  teams: teamsPost,
  webhook: webhookPost,
};

/** Sends a message to each channel that asked for its kind, side by side. Never throws: says what was not sent. */
export const messageSender = (notifications: readonly Notification[], options: MessageOptions): Messages => ({
  send: (message) => {
    const clean = redacted(message, options.hidden);
    return Promise.all(
      notifications
        .filter((n) => n.on.includes(message.event))
        .map(async (n) => {
          const to = n.channel === undefined || isName(n.channel) ? n.to : `${n.to} ${n.channel}`;
          try {
            await beforeDeadline(deliver(n, clean, options), options.deadlineMs ?? DEADLINE_MS);
            return { to, sent: true };
          } catch (error) {
            return { to, sent: false, reason: options.hidden.text(messageOf(error)) };
          }
        }),
    );
  },
});

const redacted = (message: Message, hidden: Redactor): Message => ({
  ...message,
  title: hidden.text(message.title),
  text: hidden.text(message.text),
  ...(message.facts === undefined
    ? {}
    : {
        facts: Object.fromEntries(Object.entries(message.facts).map(([k, v]) => [k, hidden.text(v)])),
      }),
});

const isName = (text: string): boolean => /^[A-Z][A-Z0-9_]*$/.test(text);

/** Value of a secret, else of an environment variable; undefined where neither is there. */
const valueOf = async (name: string, options: MessageOptions): Promise<string | undefined> => {
  const { secrets, names, environment, hidden } = options;
  const reference = await secrets.describe(names[name] ?? name);
  const value = reference === undefined ? environment[name] : await secrets.read(reference);
  if (value === undefined || value === '') return undefined;
  hidden.add(value);
  // Of a URL the path is the secret, wherever an error message quotes it.
  if (value.includes('://')) hidden.add(new URL(value).pathname.replace(/^\/+/, ''));
  return value;
};

const deliver = async (n: Notification, message: Message, options: MessageOptions): Promise<void> => {
  const address = await valueOf(n.secret, options);
  if (address === undefined)
    throw new Error(`${n.secret} holds no address: neither a secret nor a variable of that name`);
  // A chat's id may be kept beside the token: TELEGRAM_LOG_CHAT_ID.
  const channel =
    n.channel !== undefined && isName(n.channel) ? await valueOf(n.channel, options) : n.channel;
  const timeoutMs = options.timeoutMs ?? TRY_MS;
  const again = { tries: TRIES, firstMs: options.firstWaitMs ?? 250 };
  if (n.to === 'email') {
    const password = address.includes('://') ? undefined : await valueOf(MAIL_PASSWORD, options);
    const mailbox = mailboxOf({ address, channel }, password);
    return retrying(() => sendMail(message, mailbox, timeoutMs).catch(passing), again);
  }
  const post = POSTS[n.to](message, { address, channel });
  return retrying(() => send(post, timeoutMs), again);
};

const send = async ({ url, headers, body, refusal }: Post, timeoutMs: number): Promise<void> => {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
  const response = await request(url, init, timeoutMs);
  const answer = await response.text();
  if (!response.ok)
    throw new Error(`answered ${response.status}${answer === '' ? '' : `: ${answer.slice(0, 200)}`}`);
  const refused = refusal?.(answer);
  if (refused !== undefined) throw new Error(refused);
};

/** A server that is away or says 4xx (SMTP: for now) may take the mail in a moment; 5xx it never will. */
const passing = (error: unknown): never => {
  const code =
    typeof error === 'object' && error !== null && 'responseCode' in error ? error.responseCode : 0;
  if (typeof code === 'number' && code >= 500) throw error;
  throw new Passing(messageOf(error), undefined, error);
};

/** What is not done by then counts as not sent; its own tries end by themselves. */
const beforeDeadline = async (work: Promise<void>, ms: number): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not sent within ${ms / 1_000} s`)), ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
};
