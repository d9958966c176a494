import type { Message } from '../../ports/supply.ts';

/** One HTTP request that brings a message to its channel. */
export interface Post {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Why a 2xx answer is a refusal all the same; undefined where it is none. */
  readonly refusal?: (body: string) => string | undefined;
}

/** Where a message goes: the address that a secret holds, and the channel that configuration names. */
export interface Destination {
  readonly address: string;
  readonly channel: string | undefined;
}

/** Title, text and link, for channels that take plain text. */
export const plainText = ({ title, text, link }: Message): string =>
  [title, text, ...(link === undefined ? [] : [link])].join('\n');

/** `#rrggbb` by what happened: what waits is yellow, what failed red, what went back orange. */
export const COLOUR: Readonly<Record<Message['event'], string>> = {
  approval: '#d4a72c',
  success: '#2da44e',
  failure: '#cf222e',
  rolled_back: '#e16f24',
};

export const factsOf = ({ facts = {} }: Message): readonly (readonly [string, string])[] =>
  Object.entries(facts);

/** A text no longer than a channel takes; what is cut off ends with an ellipsis. */
export const cut = (text: string, longest: number): string =>
  text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
