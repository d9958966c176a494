/** Text from outside, on one line, that can neither format nor mention anybody. */
export const safe = (text: string): string =>
  text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\`*_[\]<>|~#]/g, (c) => `\\${c}`)
    .replaceAll('@', '@\u200b');

/** The same as a name or a command, as it is. */
export const code = (text: string): string => `\`${text.replaceAll('`', "'").replaceAll(/\s+/g, ' ')}\``;
