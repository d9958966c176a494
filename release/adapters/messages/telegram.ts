import type { Message } from '../../ports/supply.ts';
import { cut, plainText, type Destination, type Post } from './render.ts';

const LONGEST = 4_096;
const API = 'https://api.telegram.org';

/**
 * A bot's message into a chat. The address is the bot's token, or, for a Bot API server of one's own, its URL up to
 * and with `/bot<token>`. The channel is the chat's id or `@name`. Throws where there is none.
 */
export const telegramPost = (message: Message, { address, channel }: Destination): Post => {
  if (channel === undefined)
    throw new Error('no chat is named: set `channel` to its id, or to the name of a secret that holds it');
  const bot = address.startsWith('http') ? address.replace(/\/$/, '') : `${API}/bot${address}`;
  return {
    url: `${bot}/sendMessage`,
    body: {
      chat_id: channel,
      text: cut(plainText(message), LONGEST),
      link_preview_options: { is_disabled: true },
      disable_notification: message.event === 'success',
    },
    refusal: (body) => {
      const answer: unknown = JSON.parse(body);
      if (typeof answer !== 'object' || answer === null || !('ok' in answer) || answer.ok === true)
        return undefined;
      return 'description' in answer ? String(answer.description) : 'answered ok: false';
    },
  };
};
