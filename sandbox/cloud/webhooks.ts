/** What was sent to a channel's address: the sandbox's Slack, pager and mailbox. */
export interface Received {
  readonly at: number;
  readonly body: unknown;
}

const KEPT = 500;

export class Webhooks {
  readonly #channels = new Map<string, Received[]>();

  receive(channel: string, body: unknown): void {
    const list = this.#channels.get(channel) ?? [];
    list.push({ at: Date.now(), body });
    if (list.length > KEPT) list.shift();
    this.#channels.set(channel, list);
  }

  read(channel: string): readonly Received[] {
    return this.#channels.get(channel) ?? [];
  }

  channels(): string[] {
    return [...this.#channels.keys()];
  }
}
