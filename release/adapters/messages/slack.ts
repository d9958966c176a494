import type { Message } from '../../ports/supply.ts';
import { COLOUR, cut, factsOf, plainText, type Destination, type Post } from './render.ts';

/** Slack's longest text of an attachment's field and of a message. */
const LONGEST = 3_000;

/** `&`, `<` and `>` are Slack's own; everything else it takes as it is. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** An incoming webhook. `channel` is honoured by Slack's older webhooks; newer ones post where they were made for. */
export const slackPost = (message: Message, { address, channel }: Destination): Post => {
  const facts = factsOf(message);
  return {
    url: address,
    body: {
      text: escaped(message.title),
      ...(channel === undefined ? {} : { channel }),
      attachments: [
        {
          color: COLOUR[message.event],
          fallback: escaped(cut(plainText(message), LONGEST)),
          text: escaped(cut(message.text, LONGEST)),
          fields: facts.map(([title, value]) => ({
            title: escaped(title),
            value: escaped(value),
            short: value.length <= 40,
          })),
          ...(message.link === undefined
            ? {}
            : { actions: [{ type: 'button', text: 'Open the run', url: message.link }] }),
        },
      ],
    },
  };
};
