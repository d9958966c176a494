import type { Notification } from '../../config/types.ts';
import type { Messages } from '../../release/ports/supply.ts';

/** Sends a message to those that asked for its kind. */
export const routedMessages = (
  notifications: readonly Notification[],
  sender: (some: readonly Notification[]) => Messages,
): Messages => ({
  send: (message) => sender(notifications.filter((n) => n.on.includes(message.event))).send(message),
});
