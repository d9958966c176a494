import type { Notification } from '../../config/types.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Messages, Secrets } from '../ports/supply.ts';
import { Passing, request, retrying } from './retry.ts';

const LONGEST_WAIT_MS = 5_000;
/** Channels whose address is one URL that takes `{text}`. */
const BY_URL: ReadonlySet<Notification['to']> = new Set(['slack', 'teams', 'webhook']);

export interface WebhookOptions {
  readonly secrets: Secrets;
  /** Name of the secret that holds a channel's address. */
  readonly nameOf: (notification: Notification) => string;
  /** Told of every address, before anything is said about it. */
  readonly hide: (address: string) => void;
}

/** Posts a message as text to channels that have a webhook. Of others, and of failures, it says so; it never throws. */
export const webhookMessages = (
  to: readonly Notification[],
  { secrets, nameOf, hide }: WebhookOptions,
): Messages => {
  const addressOf = async (notification: Notification): Promise<string> => {
    const name = nameOf(notification);
    const reference = await secrets.describe(name);
    if (reference === undefined) throw new Error(`secret ${name} does not exist`);
    const address = await secrets.read(reference);
    hide(address);
    return address;
  };
  const post = async (address: string, text: string): Promise<void> => {
    const body = JSON.stringify({ text });
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
    const response = await retrying(() => request(address, init, LONGEST_WAIT_MS), { tries: 3 });
    await response.body?.cancel();
    if (!response.ok) throw new Passing(`answered ${response.status}`);
  };
  return {
    send: (message) =>
      Promise.all(
        to.map(async (notification) => {
          const channel = notification.to;
          if (!BY_URL.has(channel)) return { to: channel, sent: false, reason: 'cannot be sent from here' };
          try {
            const link = message.link === undefined ? '' : `\n${message.link}`;
            await post(await addressOf(notification), `${message.title}\n${message.text}${link}`);
            return { to: channel, sent: true };
          } catch (error) {
            return { to: channel, sent: false, reason: messageOf(error) };
          }
        }),
      ),
  };
};
