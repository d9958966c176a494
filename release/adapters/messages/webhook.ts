import type { Message } from '../../ports/supply.ts';
import type { Destination, Post } from './render.ts';

/** Any address that takes JSON: the message as it is, for systems that have no sender of their own here. */
export const webhookPost = (message: Message, { address, channel }: Destination): Post => ({
  url: address,
  body: {
    ...message,
    facts: message.facts ?? {},
    urgent: message.urgent ?? false,
    ...(channel === undefined ? {} : { channel }),
  },
});
