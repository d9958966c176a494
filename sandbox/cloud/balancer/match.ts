import type { Condition } from './types.ts';

/** What of a request decides which rule applies. */
export interface RequestFacts {
  /** Path and query as sent. */
  readonly url: string;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}
export type Matcher = (request: RequestFacts) => boolean;

/** ALB's wildcards: `*` is any text, `?` is any one character. */
export const wildcard = (pattern: string, caseSensitive: boolean): RegExp => {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, caseSensitive ? 's' : 'is');
};

const pathOf = (url: string): string => {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
};

const headerValues = (request: RequestFacts, name: string): readonly string[] => {
  const value = request.headers[name];
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
};

const anyOf = (patterns: readonly RegExp[], value: string): boolean => patterns.some((p) => p.test(value));

const compileOne = (condition: Condition): Matcher => {
  switch (condition.kind) {
    case 'path': {
      // Paths are the one thing ALB compares with regard to case.
      const patterns = condition.patterns.map((p) => wildcard(p, true));
      return (request) => anyOf(patterns, pathOf(request.url));
    }
    case 'host': {
      const patterns = condition.patterns.map((p) => wildcard(p, false));
      return (request) =>
        headerValues(request, 'host').some((host) => anyOf(patterns, host.replace(/:\d+$/, '')));
    }
    case 'header': {
      const name = condition.name.toLowerCase();
      const patterns = condition.patterns.map((p) => wildcard(p, false));
      return (request) => headerValues(request, name).some((value) => anyOf(patterns, value));
    }
    case 'query': {
      const pairs = condition.pairs.map(({ key, value }) => ({
        key: key === undefined ? undefined : wildcard(key, false),
        value: wildcard(value, false),
      }));
      return (request) => {
        const query = request.url.indexOf('?');
        if (query === -1) return false;
        const sent = [...new URLSearchParams(request.url.slice(query + 1))];
        return pairs.some(({ key, value }) =>
          sent.some(([k, v]) => (key === undefined || key.test(k)) && value.test(v)),
        );
      };
    }
    case 'method':
      return (request) => condition.methods.includes(request.method);
    default:
      return condition satisfies never;
  }
};

export const compileConditions = (conditions: readonly Condition[]): Matcher => {
  const matchers = conditions.map(compileOne);
  return (request) => matchers.every((matches) => matches(request));
};

/** Whether a status satisfies ALB's matcher (`200`, `200,202`, `200-299`). */
export const statusMatches = (matcher: string, status: number): boolean =>
  matcher.split(',').some((part) => {
    const [from, to] = part.trim().split('-').map(Number);
    return from !== undefined && status >= from && status <= (to ?? from);
  });
