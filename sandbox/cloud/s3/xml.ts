import { malformedXml } from './errors.ts';

/** A value as XML: objects are elements, arrays repeat their element, undefined leaves it out. */
export type XmlValue =
  string | number | boolean | undefined | readonly XmlValue[] | { readonly [element: string]: XmlValue };

const escape = (text: string): string => text.replaceAll(/[&<>"'\p{Cc}]/gu, (c) => `&#${c.codePointAt(0)};`);

const render = (name: string, value: XmlValue): string => {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((v: XmlValue) => render(name, v)).join('');
  if (typeof value === 'object') return `<${name}>${children(value)}</${name}>`;
  return `<${name}>${escape(String(value))}</${name}>`;
};
const children = (value: object): string =>
  Object.entries(value as Record<string, XmlValue>)
    .map(([k, v]) => render(k, v))
    .join('');

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

export const xmlDocument = (root: string, value: { readonly [element: string]: XmlValue }): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${NAMESPACE}">${children(value)}</${root}>`;

export interface Element {
  readonly name: string;
  text: string;
  readonly children: Element[];
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const unescape = (text: string): string =>
  text.replaceAll(
    /&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      return ENTITIES[name ?? ''] ?? whole;
    },
  );

/** Parses what S3 clients send: elements and text. Attributes are skipped; anything else is malformed. */
export const parseXml = (text: string): Element => {
  const root: Element = { name: '', text: '', children: [] };
  const open: Element[] = [root];
  for (const [, declaration, closing, name, selfClosing, between] of text.matchAll(
    /<(?:(\?[^>]*\?|!--[\s\S]*?--)|(\/)?([A-Za-z][\w:.-]*)(?:\s[^<>]*?)?(\/)?)>|([^<]+)/g,
  )) {
    const current = open.at(-1);
    if (current === undefined) throw malformedXml();
    if (declaration !== undefined) continue;
    if (between !== undefined) {
      current.text += unescape(between);
    } else if (closing !== undefined) {
      if (open.length < 2 || current.name !== name) throw malformedXml();
      open.pop();
    } else if (name !== undefined) {
      const element: Element = { name, text: '', children: [] };
      current.children.push(element);
      if (selfClosing === undefined) open.push(element);
    }
  }
  const [first] = root.children;
  if (open.length !== 1 || first === undefined) throw malformedXml();
  return first;
};

export const all = (element: Element | undefined, name: string): Element[] =>
  element?.children.filter((c) => c.name === name) ?? [];
export const one = (element: Element | undefined, ...path: string[]): Element | undefined => {
  let current = element;
  for (const name of path) current = current?.children.find((c) => c.name === name);
  return current;
};
export const textOf = (element: Element | undefined, ...path: string[]): string | undefined =>
  one(element, ...path)?.text.trim();
