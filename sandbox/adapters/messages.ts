import { messageOf } from '../../lib/errors.ts';
import type { Messages } from '../../release/ports/supply.ts';
import type { Sandbox } from '../client.ts';

const LONGEST_WAIT_MS = 5_000;

/** Posts to the sandbox's webhook receiver; each channel stands for one address people have. */
export const sandboxMessages = (sandbox: Pick<Sandbox, 'url'>, channels: readonly string[]): Messages => ({
  send: (message) =>
    Promise.all(
      channels.map(async (to) => {
        try {
          const response = await fetch(`${sandbox.url}/webhooks/${encodeURIComponent(to)}`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(message),
            signal: AbortSignal.timeout(LONGEST_WAIT_MS),
          });
          if (response.ok) return { to, sent: true };
          return { to, sent: false, reason: `answered ${response.status}` };
        } catch (error) {
          return { to, sent: false, reason: messageOf(error) };
        }
      }),
    ),
});
