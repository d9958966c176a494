import type { Message } from '../../ports/supply.ts';
import { cut, factsOf, type Destination, type Post } from './render.ts';

const EVENTS = 'https://events.pagerduty.com';
const LONGEST_SUMMARY = 1_024;

/**
 * PagerDuty's Events API v2. What failed or went back opens an incident of its environment; the next success there
 * closes it, and an open one is not opened twice. The address is the integration's routing key, or
 * `<url>#<routing key>` for another entrance (a proxy).
 */
export const pagerDutyPost = (message: Message, { address, channel }: Destination): Post => {
  const at = address.lastIndexOf('#');
  const [base, key] = at === -1 ? [EVENTS, address] : [address.slice(0, at), address.slice(at + 1)];
  const facts = Object.fromEntries(factsOf(message));
  const source = message.about ?? facts['Environment'] ?? 'sluice';
  const closes = message.event === 'success';
  return {
    url: `${base.replace(/\/$/, '')}/v2/enqueue`,
    body: {
      routing_key: key,
      event_action: closes ? 'resolve' : 'trigger',
      dedup_key: `sluice ${source}`,
      payload: {
        summary: cut(message.title, LONGEST_SUMMARY),
        source,
        severity: severityOf(message),
        ...(channel === undefined ? {} : { group: channel }),
        class: message.event,
        custom_details: { ...facts, text: message.text },
      },
      ...(message.link === undefined ? {} : { links: [{ href: message.link, text: 'the run' }] }),
    },
  };
};

const severityOf = ({ event, urgent }: Message): 'critical' | 'error' | 'warning' | 'info' => {
  if (urgent === true) return 'critical';
  if (event === 'failure') return 'error';
  return event === 'rolled_back' ? 'warning' : 'info';
};
