import type { Message } from '../../ports/supply.ts';
import { factsOf, type Destination, type Post } from './render.ts';

const STYLE: Readonly<Record<Message['event'], string>> = {
  approval: 'warning',
  success: 'good',
  failure: 'attention',
  rolled_back: 'warning',
};

/** Microsoft Teams: a workflow's webhook, which takes an adaptive card. */
export const teamsPost = (message: Message, { address }: Destination): Post => ({
  url: address,
  body: {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            {
              type: 'Container',
              style: STYLE[message.event],
              items: [
                { type: 'TextBlock', text: message.title, weight: 'Bolder', size: 'Medium', wrap: true },
              ],
            },
            { type: 'FactSet', facts: factsOf(message).map(([title, value]) => ({ title, value })) },
            // Two line ends: one alone is a space in a card.
            { type: 'TextBlock', text: message.text.replaceAll('\n', '\n\n'), wrap: true },
          ],
          actions:
            message.link === undefined
              ? []
              : [{ type: 'Action.OpenUrl', title: 'Open the run', url: message.link }],
        },
      },
    ],
  },
});
