import { badInput } from '../../../lib/errors.ts';

export type Names = Readonly<Record<string, string>>;

/** A value inside a PromQL string: a name cannot end the string and add to the query. */
const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll("'", "\\'").replaceAll('\n', '\\n');

/** Fills `$name` in a PromQL template. A name that is not known is bad input: an empty label would match everything. */
export const fillTemplate = (path: string, template: string, names: Names): string =>
  template.replaceAll(/\$(\w+)/g, (whole: string, name: string) => {
    const value = names[name];
    if (value !== undefined) return escaped(value);
    throw badInput('a query template cannot be filled', [
      {
        path,
        reason: 'unknown name',
        got: whole,
        allowed: Object.keys(names)
          .map((n) => `$${n}`)
          .join(', '),
      },
    ]);
  });
