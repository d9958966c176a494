import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { join, relative } from 'node:path';

/** A base64 text holds a secret at one of three alignments: what of it does not depend on its neighbours. */
const inBase64 = (secret: string): string[] =>
  [0, 1, 2].map((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
    const text = bytes.toString('base64').replace(/=+$/, '');
    // Characters that hold bits of what stands before or behind are left out.
    return text.slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6));
  });

/** Every form in which a secret could be read off a text. */
export const formsOf = (secret: string): string[] => {
  const base64 = inBase64(secret);
  const all = [
    secret,
    encodeURIComponent(secret),
    encodeURI(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('hex'),
    ...base64,
    ...base64.map((t) => t.replaceAll('+', '-').replaceAll('/', '_')),
  ];
  return [...new Set(all)];
};

/** Names of the secrets that a text gives away. */
export const namesIn = (text: string, secrets: Readonly<Record<string, string>>): string[] =>
  Object.entries(secrets).flatMap(([name, secret]) =>
    formsOf(secret).some((form) => text.includes(form)) ? [name] : [],
  );

const textOf = (file: string): string => {
  const bytes = readFileSync(file);
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return (packed ? gunzipSync(bytes) : bytes).toString('latin1');
};

/** Links are not followed: images link the repository's packages. */
const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
  });

/** `file: secret` for every secret that a file below a folder gives away, packed files included; and how many were read. */
export const leaksIn = (
  folder: string,
  secrets: Readonly<Record<string, string>>,
  leaveOut: (path: string) => boolean,
): { readonly read: number; readonly found: readonly string[] } => {
  const files = filesBelow(folder).filter((file) => !leaveOut(relative(folder, file)));
  const found = files.flatMap((file) =>
    namesIn(textOf(file), secrets).map((name) => `${relative(folder, file)}: ${name}`),
  );
  return { read: files.length, found };
};
